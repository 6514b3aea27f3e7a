import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** A process as `/proc/PID/stat` shows it; all numbers as seen from the tests' own PID namespace. */
export interface Process {
  readonly pid: number
  /** R, S, D, T (stopped), Z (zombie) … */
  readonly state: string
  readonly parent: number
  readonly group: number
  readonly session: number
  /** Foreground group of its controlling terminal; -1: it has none. */
  readonly foreground: number
}

/** Undefined when there is no such process, or no longer. */
export function findProcess(pid: number): Process | undefined {
  const text = readProc(pid, 'stat')
  if (text === undefined) return undefined
  // The name in it may hold blanks, so the rest counts from its closing bracket.
  const [state = '', ...numbers] = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const [parent = 0, group = 0, session = 0, , foreground = -1] = numbers.map(Number)
  return { pid, state, parent, group, session, foreground }
}

/** The PIDs of all processes that `/proc` shows: a test elsewhere may have thousands, so this is for cleaning up only. */
export function allPids(): number[] {
  return readdirSync('/proc').map(Number).filter(Number.isInteger)
}

/** What `pid` started and has not reaped, and what came to it as an orphan. */
export function childrenOf(pid: number): Process[] {
  const threads = orGone(() => readdirSync(`/proc/${pid}/task`)) ?? []
  const pids = threads.flatMap(
    (thread) => readProc(pid, `task/${thread}/children`)?.split(' ') ?? [],
  )
  return pids.flatMap((child) => (child === '' ? [] : (findProcess(Number(child)) ?? [])))
}

/** What `pid` started, what that started …; parents first. */
export function descendants(pid: number): Process[] {
  const found = childrenOf(pid)
  for (const child of found) found.push(...childrenOf(child.pid))
  return found
}

/** One line of `/proc/PID/status`, such as `NSpid` or `SigIgn`. */
export function statusOf(pid: number, key: string): string | undefined {
  const lines = readProc(pid, 'status')?.split('\n') ?? []
  return lines
    .find((line) => line.startsWith(`${key}:`))
    ?.slice(key.length + 1)
    .trim()
}

/** What `pid` shares with nobody, and the kernel cannot read anew. */
export function privateBytes(pid: number): number {
  const [, kb] = /^Private_Dirty: +(\d+)/m.exec(readProc(pid, 'smaps_rollup') ?? '') ?? []
  return Number(kb) * 1024
}

/** What of its memory is mapped, that of files included. */
export function residentBytes(pid: number): number {
  const [, kb] = /^Rss: +(\d+)/m.exec(readProc(pid, 'smaps_rollup') ?? '') ?? []
  return Number(kb) * 1024
}

/** Its PID as it sees itself, in its own PID namespace. */
export function pidInside(pid: number): number {
  return Number(statusOf(pid, 'NSpid')?.split('\t').at(-1))
}

/** Path of the program that it executes. */
export function programOf(pid: number): string | undefined {
  return orGone(() => readlinkSync(`/proc/${pid}/exe`))
}

/** Its words, each with a NUL behind it. */
export function commandOf(pid: number): string | undefined {
  return readProc(pid, 'cmdline')
}

/** Undefined when it is gone, or somebody else's. */
export function environmentOf(pid: number): readonly string[] | undefined {
  return readProc(pid, 'environ')?.split('\0')
}

/** Whether `pid` is the guard of a Ringmaster. */
export function isGuard(pid: number): boolean {
  return readProc(pid, 'cmdline')?.endsWith('/ringmaster-exec\0guard\0') === true
}

function readProc(pid: number, file: string): string | undefined {
  return orGone(() => readFileSync(`/proc/${pid}/${file}`, 'latin1'))
}

function orGone<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    // ENOENT, ESRCH: it is gone. EACCES, EPERM: it is not ours.
    const code = (error as NodeJS.ErrnoException).code ?? ''
    if (['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes(code)) return undefined
    throw error
  }
}
