import { readdirSync, readFileSync } from 'node:fs'
import type { Member, ProcessTable } from '../ports/process-table.ts'

/** Looks into /proc, and signals. Without /proc it finds nothing; as PID 1 the kernel then ends what is left. */
export function createProcessTable(): ProcessTable {
  let living: readonly number[] | undefined
  /** Children that are no zombies. In a storm of orphans a look at all costs 100 ms, so trees that end together share it. */
  function ownLiving(): readonly number[] {
    if (living === undefined) {
      living = childrenOf(process.pid).filter(isAlive)
      // None of them is reaped, nor its pid used again, while this callback runs.
      queueMicrotask(() => {
        living = undefined
      })
    }
    return living
  }

  return {
    signal(pid, signal, to = 'process') {
      try {
        process.kill(to === 'group' ? -pid : pid, signal)
      } catch (error) {
        // ESRCH: it ended meanwhile. EPERM: it became somebody else's (setuid) and we are not root.
        const { code } = error as NodeJS.ErrnoException
        if (code !== 'ESRCH' && code !== 'EPERM') throw error
      }
    },

    handles(pid, signal) {
      const mask = /^SigCgt:\s*([0-9a-f]+)$/m.exec(readProc(`${pid}/status`))?.[1]
      return mask !== undefined && ((BigInt(`0x${mask}`) >> BigInt(signal - 1)) & 1n) === 1n
    },

    treeOf(leader, runId, isMain) {
      // What a dead process leaves behind becomes a child of ours (PID 1, subreaper), so only our own
      // children need a look, and of these only those that are no main process.
      const orphans = ownLiving().filter((pid) => !isMain(pid))
      const mark = `RINGMASTER_RUN=${runId}`
      return orphans
        .filter((pid) => sessionOf(pid) === leader || environOf(pid).includes(mark))
        .flatMap((pid) => [pid, ...descendantsOf(pid)])
        .flatMap(memberOf)
    },

    everythingBelow() {
      const pids =
        process.pid === 1 ? allPids().filter((pid) => pid !== 1) : descendantsOf(process.pid)
      return pids.flatMap(memberOf)
    },
  }
}

/** Nothing when it does not live. */
function memberOf(pid: number): readonly Member[] {
  return isAlive(pid) ? [{ pid, group: Number(statOf(pid)?.[2]) }] : []
}

function descendantsOf(pid: number): number[] {
  return childrenOf(pid).flatMap((child) => [child, ...descendantsOf(child)])
}

/** See proc_pid_stat(5): a zombie only waits for its parent. */
function isAlive(pid: number): boolean {
  const state = statOf(pid)?.[0]
  return state !== undefined && state !== 'Z' && state !== 'X'
}

function sessionOf(pid: number): number {
  return Number(statOf(pid)?.[3])
}

/** The fields of /proc/PID/stat from the state on; the command before them may hold anything, brackets too. */
function statOf(pid: number): string[] | undefined {
  const text = readProc(`${pid}/stat`)
  return text === '' ? undefined : text.slice(text.lastIndexOf(')') + 2).split(' ')
}

function environOf(pid: number): readonly string[] {
  return readProc(`${pid}/environ`).split('\0')
}

/** Children of every thread of `pid`. */
function childrenOf(pid: number): number[] {
  return numbersIn(`/proc/${pid}/task`).flatMap((thread) =>
    readProc(`${pid}/task/${thread}/children`)
      .split(' ')
      .filter((word) => word !== '')
      .map(Number),
  )
}

function allPids(): number[] {
  return numbersIn('/proc')
}

function numbersIn(folder: string): number[] {
  try {
    return readdirSync(folder).map(Number).filter(Number.isInteger)
  } catch (error) {
    return nothingIfGone(error, [])
  }
}

function readProc(path: string): string {
  try {
    return readFileSync(`/proc/${path}`, 'latin1')
  } catch (error) {
    return nothingIfGone(error, '')
  }
}

/** A process may end while one reads of it, may be somebody else's, and /proc may not be mounted. */
function nothingIfGone<T>(error: unknown, nothing: T): T {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES' || code === 'EPERM') return nothing
  throw error
}
