import { closeSync, existsSync, readlinkSync } from 'node:fs'
import type { Member, ProcessTable, RunMarks } from '../ports/process-table.ts'
import { asOwner } from './as-owner.ts'
import { native } from './native.ts'
import {
  allPids,
  childrenOf,
  isProcOurs,
  nothingIfGone,
  readProc,
  statFieldsOf,
  statOf,
} from './procfs.ts'
import { readRunId } from './run-id.ts'

/** What one callback of the event loop finds out about our own children. */
interface Look {
  /** Those that live, without the guard. */
  readonly living: readonly number[]
  /** Of those that were asked for it. */
  readonly marks: Map<number, Mark>
}

/** RINGMASTER_RUN, and where that is gone what stdout and stderr lead to. */
interface Mark {
  readonly runId: string | undefined
  readonly outputs: readonly string[]
}

/**
 * Looks into /proc, and signals. Without a /proc of this PID namespace it finds nothing; as PID 1 the kernel then ends what is
 * left. `isGuard` tells which child is the guard, if any, and `isCommand` which belong to no tree.
 */
export function createProcessTable(
  isGuard: (pid: number) => boolean = () => false,
  isCommand: (pid: number) => boolean = () => false,
): ProcessTable {
  const isPid1 = process.pid === 1
  const canLook = isProcOurs()
  // A kernel may be built without.
  const hasChildrenFiles = existsSync(`/proc/${process.pid}/task/${process.pid}/children`)
  let shared: Look | undefined

  /** In a storm of orphans a look costs some ms, so trees that end together share it. */
  function look(): Look {
    if (shared === undefined) {
      // Else a storm of orphans leaves zombies faster than a look at each lets us reap them.
      native().reapNow()
      const pids = !canLook ? [] : hasChildrenFiles ? childrenOf(process.pid) : allPids()
      const living: number[] = []
      // Asked at once, see childrenOf(). The kernel tells for a tenth of what /proc/PID/stat costs.
      for (const pid of pids) if (native().childLives(pid) === 1 && !isGuard(pid)) living.push(pid)
      shared = { living, marks: new Map() }
      // None of them is reaped, nor its pid used again, while this callback runs.
      queueMicrotask(() => {
        shared = undefined
      })
    }
    return shared
  }

  function isMarked(pid: number, { runId, pipes }: RunMarks): boolean {
    const { marks } = look()
    const mark = marks.get(pid) ?? readMark(pid)
    marks.set(pid, mark)
    return mark.runId === undefined
      ? mark.outputs.some((output) => pipes.includes(output))
      : mark.runId === runId
  }

  return {
    signal(pid, signal, to = 'process') {
      send(to === 'group' ? -pid : pid, signal)
    },

    stop(pid, signal, to) {
      const target = to === 'group' ? -pid : pid
      send(target, signal)
      send(target, SIGCONT)
    },

    signalMember({ pid, startTicks }, signal) {
      // From here on the descriptor stays with one process, whatever becomes of its pid.
      const fd = native().openProcess(pid)
      if (fd === -ESRCH) return
      if ((statOf(pid)?.startTicks ?? 0) === startTicks) {
        // Without descriptors of processes, or with none left: the moment since the check has to do.
        if (fd < 0) send(pid, signal)
        else native().signalProcess(fd, signal)
      }
      if (fd >= 0) closeSync(fd)
    },

    handles(pid, signal) {
      const mask = /^SigCgt:\s*([0-9a-f]+)$/m.exec(readProc(`${pid}/status`))?.[1]
      return mask !== undefined && ((BigInt(`0x${mask}`) >> BigInt(signal - 1)) & 1n) === 1n
    },

    treeOf(run, isMain) {
      // What a dead process leaves behind becomes a child of ours (PID 1, subreaper), so only our own
      // children need a look, and of these only those that are no main process.
      return look().living.flatMap((pid) => {
        if (isMain(pid) || isCommand(pid)) return []
        const session = native().sessionOf(pid)
        // In the session of a live main process it is of that one's tree; that may have the pid of our leader by now.
        const isOurs = !isMain(session) && (session === run.pid || isMarked(pid, run))
        return isOurs ? [childMember(pid), ...descendantsOf(pid)] : []
      })
    },

    isOf(run, pid, isMain) {
      const isIn = (at: number) => at === run.pid || native().sessionOf(at) === run.pid
      if (native().sessionOf(pid) < 0) return undefined
      if (isIn(pid)) return true
      let at = pid
      // Without a look into /proc there are no parents.
      for (let depth = 0; canLook && depth < mostAncestors; depth++) {
        const fields = statFieldsOf(at)
        if (fields === undefined) {
          // It has ended just now. If that was an ancestor, there is another one.
          if (at === pid) return undefined
          at = pid
          continue
        }
        const parent = Number(fields[1])
        // The parent of `at` is us, so it is a main process or an orphan.
        if (parent === process.pid) return !isMain(at) && !isCommand(at) && isMarked(at, run)
        if (parent <= 1) return false
        at = parent
        if (isIn(at)) return true
      }
      return false
    },

    everythingBelow() {
      const { living } = look()
      if (!isPid1) return living.flatMap((pid) => [childMember(pid), ...descendantsOf(pid)])
      // Who entered the namespace from outside is no descendant. Our own zombies are told apart the fast way.
      const pids = canLook ? allPids() : []
      const others = pids.filter((pid) => pid !== 1 && native().childLives(pid) < 0)
      return [...living.map(childMember), ...others.flatMap(memberOf)]
    },
  }
}

const SIGCONT = 18
const ESRCH = 3
/** Who asks to be believed may have made a very long chain of processes. */
const mostAncestors = 32

function send(target: number, signal: number): void {
  try {
    process.kill(target, signal)
  } catch (error) {
    // ESRCH: it ended meanwhile. EPERM: it became somebody else's (setuid) and we are not root.
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ESRCH' && code !== 'EPERM') throw error
  }
}

/** A child that lives, also one that /proc hides from us. */
function childMember(pid: number): Member {
  return { pid, group: native().groupOf(pid), startTicks: statOf(pid)?.startTicks ?? 0 }
}

/** Nothing when it does not live, or belongs to the kernel. */
function memberOf(pid: number): readonly Member[] {
  const stat = statOf(pid)
  if (stat === undefined || !stat.isAlive || stat.isKernelThread) return []
  return [{ pid, group: stat.group, startTicks: stat.startTicks }]
}

function descendantsOf(pid: number): readonly Member[] {
  const found = [...childrenOf(pid)].flatMap(memberOf)
  // Grows while it is walked; a chain of processes may be longer than a stack is deep.
  for (const member of found)
    for (const child of childrenOf(member.pid)) found.push(...memberOf(child))
  return found
}

/** Of a process that is gone, or that nobody may look into: nothing. */
function readMark(pid: number): Mark {
  const read = () => {
    const runId = readRunId(pid)
    return { runId, outputs: runId === undefined ? [outputOf(pid, 1), outputOf(pid, 2)] : [] }
  }
  const mark = read()
  const isRead = mark.runId !== undefined || mark.outputs.some((output) => output !== '')
  return isRead || process.geteuid?.() !== 0 ? mark : (asOwner(pid, read) ?? mark)
}

function outputOf(pid: number, fd: number): string {
  try {
    return readlinkSync(`/proc/${pid}/fd/${fd}`)
  } catch (error) {
    return nothingIfGone(error, '')
  }
}
