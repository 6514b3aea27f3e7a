import { accessSync, constants, existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { messageOf, SupervisorError } from '../lib/errors.ts'
import type { FormatLines } from '../ports/output.ts'

/**
 * What the C addon offers: what Linux has and Node.js lacks. Mechanism only; each function does one thing and leaves
 * the decision to its caller. A function that can fail returns a negative errno, as system calls do in the kernel.
 * Works on the main thread alone: children and signals belong to it. A wrong argument throws a TypeError. What a callback
 * throws becomes an 'uncaughtException'; the work goes on after it.
 */
export interface Native {
  /**
   * Reaps from now on every child that libuv does not own, and reports each end of a process once: of orphans, and of
   * children named by {@link own}. `code` is the exit code, 0 when a signal ended it; `signal` is its number (real-time
   * ones too), 0 for none; `owned` says whether node:child_process started it. Call once. Does not keep the event loop
   * alive, and calls back first in its next turn.
   */
  reap(onExit: (pid: number, code: number, signal: number, owned: boolean) => void): void
  /** Reaps at once up to 4096 orphans that have ended, and reports them to `reap`'s callback before it returns; nothing before `reap`. */
  reapNow(): void
  /**
   * Has the ends of `pids`, children that node:child_process started in this callback of the event loop, reported to `reap`'s callback with
   * their true status: Node.js reports a death by a real-time signal as exit code 0. The report comes after Node.js's own 'exit'
   * event, so that ChildProcess is settled (`exitCode` set, `kill()` does nothing) when it arrives. What is no child of libuv is
   * passed over; returns how many are. Needs `reap` first.
   */
  own(pids: readonly number[]): number
  /** Orphans of descendants become children of this process (PR_SET_CHILD_SUBREAPER), as they do under PID 1. */
  becomeSubreaper(): number
  /**
   * Calls `callback` with the number of each `signal` (1–64) that arrives, however many come in one turn, without keeping the event loop alive. SEGV, BUS,
   * ILL, FPE, TRAP, SYS, ABRT are reported only when another process sent them; a fault of our own ends us as it would
   * any program. SIGUSR1 is unblocked too (`--disable-sigusr1` blocks it). A second call for a signal replaces the callback.
   * What the latch has kept of the signal comes first.
   * Negative errno: EINVAL for KILL, STOP, 32, 33 (the C library's own) and what is no signal.
   */
  onSignal(signal: number, callback: (signal: number) => void): number
  /** Whether the latch (src/native/latch.c) has kept the signals that came before. */
  hasLatch(): boolean
  /** Has the latch give up the signals that nobody listens to: they do what they do to any Node.js, those that came before too; but none opens the debugger. */
  releaseSignals(): void
  /** This process gets `signal` when its parent dies (PR_SET_PDEATHSIG). Gets it now if the parent is no longer `parentPid`. */
  onParentDeath(signal: number, parentPid: number): number
  /** A real pipe, `[readEnd, writeEnd]`, both close-on-exec, the read end non-blocking; or a negative errno. */
  pipe(): readonly [number, number] | number
  /**
   * Writes as much of the first 64 of `chunks` as `fd` takes now, never blocking nor changing its flags: bytes written or a
   * negative errno (EAGAIN: full; EPIPE: no reader, without a SIGPIPE). Only a regular file may make us wait for its disk.
   */
  write(fd: number, chunks: readonly Uint8Array[]): number
  readonly formatLines: FormatLines
  /** Calls `callback` from now on with each descriptor for which {@link watch} waits. Does not keep the event loop alive. */
  onReady(callback: (fd: number) => void): number
  /**
   * `events` 1: `fd` is reported in each turn of the event loop in which there is something to read, or its end; 2: once, when
   * it takes something, or nobody reads it any more; 3: once, when there is something to read, or its end; 0: no more, to be called
   * before it is closed. Leaves its flags alone. A negative errno: EPERM of what is always ready, such as files. Needs `onReady` first.
   */
  watch(fd: number, events: 0 | 1 | 2 | 3): number
  /**
   * A TCP socket, close-on-exec, that has an address, an IPv4 or IPv6 one in digits, but does not listen; or a negative errno (EINVAL:
   * a name). `reusesPort`: with SO_REUSEPORT.
   */
  bindTcp(address: string, port: number, isBlocking: boolean, reusesPort: boolean): number
  /**
   * Has a TCP socket listen: whoever connects waits for the one who accepts, at most `backlog` of them, and net.core.somaxconn. One that listens only
   * gets the backlog; one that a child has shut down for all who share it (shutdown(2)) listens again, and has another port then if it never asked
   * for one by its number. Or a negative errno.
   */
  listenTcp(fd: number, backlog: number): number
  /** Whether other sockets of the same user that want it too may have the address of this one (SO_REUSEPORT: 1, 0), from now on. Or a negative errno. */
  sharePort(fd: number, isShared: 0 | 1): number
  /** The address of a TCP socket in digits, and its port; or a negative errno. */
  addressOf(fd: number): readonly [host: string, port: number] | number
  /**
   * A TCP socket, close-on-exec and non-blocking, that is being connected to an IPv4 or IPv6 address in digits: it can be written to, or has failed, when
   * that is done. Or a negative errno (EINVAL: a name).
   */
  connectTcp(address: string, port: number): number
  /** How that went: 0: it is connected; or a negative errno (EAGAIN: it is on the way; ECONNREFUSED: also where the kernel has connected it to itself). */
  connectedTcp(fd: number): number
  /** Sends what a socket takes of `bytes` now: bytes sent or a negative errno (EAGAIN: none; EPIPE without a SIGPIPE). */
  send(fd: number, bytes: Uint8Array): number
  /** A UNIX socket, close-on-exec, that listens at `path`, a file of that mode whatever the umask, with `backlog` connections that wait; or a negative errno (EADDRINUSE: there is a file, also a link; ENAMETOOLONG). */
  listenLocal(path: string, mode: number, backlog: number, isBlocking: boolean): number
  /** A descriptor of a connection to the UNIX socket at `path`; or a negative errno (ECONNREFUSED: nobody listens; EAGAIN: too many wait). */
  connectLocal(path: string): number
  /** Pid, uid and gid of who connected to the UNIX socket `fd`, in our namespaces (pid 0: in none of ours), or a negative errno. */
  peerOf(fd: number): readonly [pid: number, uid: number, gid: number] | number
  /**
   * A Unix datagram socket at `address`, `/path` or `@name` of the abstract namespace, close-on-exec and non-blocking, that learns who
   * sends; or a negative errno (EINVAL: no such address, or a longer one than the kernel takes).
   */
  listenDatagrams(address: string): number
  /**
   * The next datagram, written into `bytes`: its length, or a negative errno (EAGAIN: none waits; EMSGSIZE: it was longer than `bytes`, and
   * is gone). The first two of `sender` become the pid and the user of who sent it: pid 0 is one of another PID namespace; a pid
   * may be that of nobody by now. Descriptors that come along are closed.
   */
  receiveDatagram(fd: number, bytes: Uint8Array, sender: Uint32Array): number
  /** Sends one datagram from no address, without waiting; bytes sent or a negative errno (EAGAIN: the receiver has no room, ECONNREFUSED: there is none). */
  sendDatagram(address: string, bytes: Uint8Array): number
  /** True once for each time that child `pid` has stopped (SIGSTOP, SIGTSTP …) since the last call. Does not reap it. */
  hasStopped(pid: number): boolean
  /** 1 when child `pid` lives, also when only its first thread has ended; 0 when it waits to be reaped; a negative errno (ECHILD: not our child). Does not reap it. */
  childLives(pid: number): number
  /** The session of any process (getsid), a zombie too, also where /proc hides it; or a negative errno (ESRCH). */
  sessionOf(pid: number): number
  /** The process group of any process (getpgid), as {@link sessionOf}. */
  groupOf(pid: number): number
  /** The I/O priority of any process (ioprio_get), class << 13 | level; or a negative errno (ESRCH). */
  ioPriorityOf(pid: number): number
  /** A close-on-exec descriptor that stays with the process that has `pid` now, or a negative errno (ESRCH; ENOSYS before Linux 5.3, EPERM by filters that do not know it). */
  openProcess(pid: number): number
  /** Sends `signal` by a descriptor of {@link openProcess}; a negative errno (ESRCH: that process has ended). */
  signalProcess(fd: number, signal: number): number
  /** This thread opens files as that user and group from now on (setfsuid), when it has the right to; changes nothing else. */
  openFilesAs(uid: number, gid: number): void
  /** The session of this process (getsid). */
  sessionId(): number
  /** The process group of this process (getpgrp). */
  processGroup(): number
  /** The session whose controlling terminal `fd` is (tcgetsid), or a negative errno (ENOTTY: none of ours). */
  terminalSession(fd: number): number
  /** The foreground process group of the terminal `fd` (tcgetpgrp). */
  foregroundGroup(fd: number): number
  /** Makes `group` the foreground group of the terminal `fd`, also from the background (tcsetpgrp with SIGTTOU held off). */
  setForegroundGroup(fd: number, group: number): number
  /** Gives up the controlling terminal (TIOCNOTTY), so that a child's session can take it; the SIGHUP and SIGCONT this causes do not reach us. */
  releaseTerminal(fd: number): number
  /** A number that tells whether the bytes of up to 4 arrays are the ones they were. No secret: who can write them can find others with it. */
  checksum(...chunks: readonly Uint8Array[]): number
  /**
   * Counts from now on how long each turn of the event loop works, sleep left out: one more in the first place of `tallies`
   * whose bound, in rising seconds, it does not exceed, in the one after these if it exceeds all; all seconds are added up in
   * the last one. So `tallies` has two places more. Call once. Neither wakes the loop nor keeps it alive.
   */
  timeTurns(bounds: Float64Array, tallies: Float64Array): void
  /**
   * Has V8 collect all garbage at once and drop what it has compiled, and gives what is free then back to the kernel, with what is
   * mapped of the program: holds up the event loop for some 50 ms. False when this Node.js does not let V8 be told so.
   */
  releaseMemory(): boolean
  /**
   * Has V8 from now on collect garbage early, and not let the heap grow first. Scripts that are compiled later find no code cache.
   * False when this Node.js does not let V8 be told so.
   */
  boundHeap(): boolean
  /**
   * Locks the file or folder of `fd` against all others who do the same (flock), or with `shared` 1 against those who want it alone, until every
   * descriptor of this opening is closed, at the latest when this process ends; or a negative errno (EAGAIN: another has it), and a lock it had is lost.
   */
  lock(fd: number, shared: 0 | 1): number
  /**
   * Has V8 from now on collect short-lived garbage in this thread alone, so that it waits for no other. Scripts that are compiled
   * later find the code caches of those that were compiled after this call alone. False when this Node.js does not let V8 be told so.
   */
  collectAlone(): boolean
  /** Bytes in what /proc counts memory in. */
  pageSize(): number
  /** Ends this process at once with `code` (_exit): no handlers, no waiting for the thread pool. */
  exit(code: number): never
}

// Not by `createRequire` and "imports" in package.json: what Node.js loads to look there up costs 1.4 ms.
/** What the build made. */
export const buildFolder = join(findPackage(import.meta.dirname), 'build')

let loaded: Native | undefined

/** The addon; the first call loads it. Throws `NATIVE_MISSING` when it is not built, or not for this machine. */
export function native(): Native {
  loaded ??= load()
  return loaded
}

/** Absolute path of the exec helper, which `node:child_process` starts in place of each command. */
export function execHelperPath(): string {
  return join(buildFolder, 'ringmaster-exec')
}

/** Throws `NATIVE_MISSING` when the exec helper cannot be executed: no child could be started. */
export function requireExecHelper(): void {
  try {
    accessSync(execHelperPath(), constants.X_OK)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new SupervisorError(
      'NATIVE_MISSING',
      `cannot execute the exec helper (${code}): install Ringmaster again, or run "npm run build" in a clone`,
      { cause },
    )
  }
}

function load(): Native {
  try {
    const addon: { exports: unknown } = { exports: {} }
    process.dlopen(addon, join(buildFolder, 'ringmaster.node'))
    return addon.exports as Native
  } catch (cause) {
    const reason = messageOf(cause).split('\n', 1)[0]
    throw new SupervisorError(
      'NATIVE_MISSING',
      `cannot load the native part: ${reason}. In a clone run "npm run build" (it needs a C compiler); in an image install the package for this CPU`,
      { cause },
    )
  }
}

/** The folder of package.json, from wherever this code was bundled to. */
function findPackage(path: string): string {
  return path === '/' || existsSync(join(path, 'package.json')) ? path : findPackage(dirname(path))
}
