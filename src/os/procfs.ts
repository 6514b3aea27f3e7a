import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, readSync } from 'node:fs'

/** What `/proc/PID/stat` tells; see proc_pid_stat(5). */
export interface ProcessStat {
  readonly group: number
  /** When it was started, in clock ticks since the machine was: with its pid this names a process for good. */
  readonly startTicks: number
  /** False for a zombie, which only waits for its parent. */
  readonly isAlive: boolean
  readonly isKernelThread: boolean
}

/** Undefined when there is no such process, or /proc hides it from us. */
export function statOf(pid: number): ProcessStat | undefined {
  const fields = statFieldsOf(pid)
  if (fields === undefined) return undefined
  const state = fields[0] ?? ''
  return {
    group: Number(fields[2]),
    startTicks: Number(fields[19]),
    // A process whose first thread has ended lives on in the others.
    isAlive: (state !== 'Z' && state !== 'X') || Number(fields[17]) > 1,
    isKernelThread: (Number(fields[6]) & PF_KTHREAD) !== 0,
  }
}

/** What `/proc/PID/stat` tells from the state on, which is its third field; undefined as for {@link statOf}. */
export function statFieldsOf(pid: number): readonly string[] | undefined {
  const text = readProc(`${pid}/stat`)
  // The command before it may hold anything, brackets too.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  // What was waited for while it was read has no parent, and this group.
  return text === '' || fields[2] === '-1' ? undefined : fields
}

/** False where there is no /proc, or that of another PID namespace: its numbers mean nothing to us. */
export function isProcOurs(): boolean {
  try {
    return readlinkSync('/proc/self') === `${process.pid}`
  } catch (error) {
    return nothingIfGone(error, false)
  }
}

/** All that /proc shows. */
export function allPids(): number[] {
  return numbersIn('/proc')
}

/**
 * The children of every thread of `pid`, zombies too, each as it is read: what one that dies meanwhile leaves to `pid` is
 * appended and comes later, so who looks at each at once misses none that lives.
 */
export function* childrenOf(pid: number): Generator<number> {
  for (const thread of numbersIn(`/proc/${pid}/task`)) {
    let unfinished = ''
    for (const piece of piecesOf(`/proc/${pid}/task/${thread}/children`)) {
      const words = (unfinished + piece).split(' ')
      unfinished = words.pop() ?? ''
      for (const word of words) yield Number(word)
    }
  }
}

/** `/proc/PATH`, with U+FFFD for what is not UTF-8: Node.js reads any other text four times slower. `` when it is gone or not for us. */
export function readProc(path: string): string {
  try {
    return readFileSync(`/proc/${path}`, 'utf8')
  } catch (error) {
    return nothingIfGone(error, '')
  }
}

const PF_KTHREAD = 0x200000

/** The kernel gives a page at most at a time, and makes it when it is asked for. */
function* piecesOf(path: string): Generator<string> {
  let fd: number | undefined
  try {
    fd = openSync(path, 'r')
    const page = Buffer.allocUnsafe(4096)
    for (let length = readSync(fd, page); length > 0; length = readSync(fd, page)) {
      yield page.toString('latin1', 0, length)
    }
  } catch (error) {
    nothingIfGone(error, undefined)
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}

function numbersIn(folder: string): number[] {
  try {
    return readdirSync(folder).map(Number).filter(Number.isInteger)
  } catch (error) {
    return nothingIfGone(error, [])
  }
}

/** A process may end while one reads of it, may be somebody else's, and /proc may not be mounted. */
export function nothingIfGone<T>(error: unknown, nothing: T): T {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES' || code === 'EPERM') return nothing
  throw error
}
