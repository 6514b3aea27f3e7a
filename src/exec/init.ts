import { closeSync, readFileSync } from 'node:fs'
import { getSystemErrorMap } from 'node:util'
import { ExitCode, type ExitStatus, toExitCode } from '../lib/exit-codes.ts'
import { SIGRTMAX, SIGRTMIN, signalName } from '../lib/signals.ts'
import { type Child, parseReport, type Refusal, type SignalSets, startChild } from '../os/child.ts'
import { native, requireExecHelper } from '../os/native.ts'
import type { ExecOptions } from './options.ts'
import { lendTerminal, prepareTerminal, takeTerminalBack, terminalRequest } from './terminal.ts'

const [SIGKILL, SIGTERM, SIGCHLD, SIGCONT, SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU] = [
  9, 15, 17, 18, 19, 20, 21, 22,
]

/** By then the child is on its own, or has ended. */
const settledMs = 1000

/**
 * Runs one command as an init does: forwards signals, reaps orphans, and leaves with the command's exit code. `entry`:
 * what the entry has told, if it was there. Never returns to its caller's caller: the process ends here.
 */
export function runInit(options: ExecOptions, entry: SignalSets | undefined): void {
  const { isSingleChild, verbosity } = options
  const isPid1 = process.pid === 1
  const os = native()
  requireExecHelper()
  // The command must not die of a mistake in here.
  process.on('uncaughtException', (error) => say(`internal error, going on: ${error.message}`))
  if (!isPid1) os.becomeSubreaper()
  if (options.parentDeathSignal !== null) os.onParentDeath(options.parentDeathSignal, process.ppid)

  // Nothing is awaited from here to the start of the child: a signal that came before, or comes meanwhile, is kept and forwarded.
  for (const signal of forwardedSignals()) os.onSignal(signal, forward)
  os.releaseSignals()
  const terminal = prepareTerminal()
  if (terminal.kind === 'shared') os.onSignal(SIGCHLD, stopWithChild)
  os.reap(onExit)
  const child = startChild(
    {
      command: options.command,
      env: options.env,
      descriptors: [0, 1, 2],
      ...terminalRequest(terminal),
      ...(entry && { signals: entry, isEscaped: true }),
      ...(!isPid1 && { deathSignal: SIGKILL }),
    },
    (refusal) => leave(explainRefusal(options.command[0], refusal)),
  )
  if (child === null) return
  const { pid } = child
  if (verbosity > 0) say(`started ${options.command[0]} as pid ${pid}`)
  setTimeout(os.releaseMemory, settledMs)
  /** Set while a SIGTSTP or its like has stopped us too: the child's stop is then no news. */
  let isSuspended = false

  function forward(signal: number): void {
    const isJobControl = signal === SIGTSTP || signal === SIGTTIN || signal === SIGTTOU
    const usual = isJobControl && !isSingleChild ? SIGSTOP : signal
    const sent = options.rewrites.get(signal) ?? usual
    if (verbosity > 1)
      say(`${signalName(signal)} ${sent === 0 ? 'dropped' : `sent on as ${signalName(sent)}`}`)
    if (signal === SIGCONT) {
      isSuspended = false
      lendTerminal(terminal, pid)
    }
    if (sent !== 0) sendToChild(sent)
    if (isJobControl) suspend()
  }

  /** Until the exec helper has made its group there is none, and the child is all that would be in it. */
  function sendToChild(signal: number): void {
    if (isSingleChild || !send(-pid, signal)) send(pid, signal)
  }

  /** The kernel lets nobody stop PID 1, itself included. */
  function suspend(): void {
    if (isPid1) return
    takeTerminalBack(terminal, pid)
    isSuspended = true
    process.kill(process.pid, SIGSTOP)
  }

  /** A child stopped from the keyboard: the shell that waits for us has to see us stopped. */
  function stopWithChild(): void {
    if (native().hasStopped(pid) && !isSuspended) suspend()
  }

  function onExit(ended: number, code: number, signal: number, isOwned: boolean): void {
    if (!isOwned) {
      if (options.warnsOnReap) say(`reaped orphan pid ${ended}`)
      return
    }
    end(child as Child, { code, signal })
  }

  function end({ report }: Child, status: ExitStatus): void {
    const refusal = parseReport(readFileSync(report, 'latin1'))
    closeSync(report)
    takeTerminalBack(terminal, pid)
    if (refusal) {
      leave(explainRefusal(options.command[0], refusal))
      return
    }
    if (verbosity > 0) {
      const how =
        status.signal === 0 ? `with code ${status.code}` : `by ${signalName(status.signal)}`
      say(`pid ${pid} ended ${how}`)
    }
    if (!isSingleChild) send(-pid, SIGTERM)
    leave(toExitCode(status))
  }

  function leave(code: number): void {
    native().exit(options.successCodes.has(code) ? ExitCode.ok : code)
  }
}

/** Sends to a process, or to the group `-target`; false when there is none. */
function send(target: number, signal: number): boolean {
  try {
    return process.kill(target, signal)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ESRCH') return false
    // All of it runs as somebody else (setuid).
    if (code !== 'EPERM') throw error
    say(`cannot send ${signalName(signal)} to pid ${Math.abs(target)}: not permitted`)
    return true
  }
}

/** Every signal that can be listened to, but SIGCHLD, which is about children. */
function* forwardedSignals(): Generator<number> {
  for (let signal = 1; signal <= 31; signal++) {
    if (signal !== SIGKILL && signal !== SIGSTOP && signal !== SIGCHLD) yield signal
  }
  for (let signal = SIGRTMIN; signal <= SIGRTMAX; signal++) yield signal
}

/** Says in a line why `command` cannot run; returns the exit code that tells the same. */
function explainRefusal(command: string, { errno, step }: Refusal): number {
  const isFile = step === 'exec'
  if (isFile && (errno === 'ENOENT' || errno === 'ENOTDIR')) {
    const where = command.includes('/') ? 'no such file' : 'not found in PATH'
    say(`cannot execute "${command}": ${where}`)
    return ExitCode.notFound
  }
  if (step === 'interpreter') {
    say(
      `cannot execute "${command}": the interpreter that its first line or its ELF header names is not there`,
    )
    return ExitCode.notFound
  }
  const during = isFile ? '' : ` (${step})`
  say(`cannot execute "${command}": ${hints.get(errno) ?? describe(errno)}${during}`)
  return ExitCode.notExecutable
}

const hints: ReadonlyMap<string, string> = new Map([
  ['EACCES', 'permission denied; it must be an executable file'],
  ['ENOEXEC', 'wrong format; a script needs a "#!" line, a binary the CPU of this machine'],
  ['EMFILE', 'too many open files (ulimit -n)'],
  ['ENFILE', 'too many open files on this machine'],
  ['EAGAIN', 'no more processes allowed (ulimit -u, or the pids limit of the container)'],
  ['ENOMEM', 'out of memory'],
  ['E2BIG', 'arguments and environment are too large'],
])

function describe(errno: string): string {
  for (const [name, text] of getSystemErrorMap().values()) if (name === errno) return text
  return errno
}

function say(text: string): void {
  native().write(2, [Buffer.from(`ringmaster: ${text}\n`)])
}
