import type { Peer, Peers } from '../ports/peers.ts'
import { native } from './native.ts'
import { isProcOurs, statFieldsOf } from './procfs.ts'
import { carriesOwnRun } from './run-id.ts'

/** Asks the kernel and /proc, at the time of the connection: a pid may be another process later. */
export function createPeers(): Peers {
  const startUid = process.geteuid?.() ?? 0
  return {
    of(fd): Peer | undefined {
      const peer = native().peerOf(fd)
      if (typeof peer === 'number') return undefined
      const [pid, uid] = peer
      const isOwn = uid === 0 || uid === startUid || uid === process.geteuid?.()
      return { pid, uid, isOwn, isDescendant: comesOfUs(pid) }
    },
  }
}

/** More than any tree of processes is deep. */
const mostSteps = 10_000

/** Up from parent to parent. An orphan has another parent than it had: it is known by the run in its environment. */
function comesOfUs(pid: number): boolean {
  // What we start is in a PID namespace of ours.
  if (pid === 0) return false
  // What cannot be told is not believed.
  if (!isProcOurs() || carriesOwnRun(pid)) return true
  let parent = pid
  for (let steps = 0; steps < mostSteps; steps++) {
    if (parent === process.pid) return true
    if (parent === 0) return false
    const fields = statFieldsOf(parent)
    // It is gone, or hidden from us.
    if (fields === undefined) return true
    parent = Number(fields[1])
  }
  return true
}
