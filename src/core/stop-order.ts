import { inStartOrder } from '../plan/order.ts'
import type { OwnMs } from '../plan/shutdown.ts'
import type { Instance } from './instance-state.ts'
import type { State } from './state.ts'
import { isAtRest } from './step.ts'
import { count } from './tally.ts'

/** How long something is waited for that has got SIGKILL and does not end, as in a sleep that nothing interrupts. */
const stuckMs = 1000

/** Names of the processes that are not to be stopped yet at `monoMs`: of what depends on them, directly or not, something is to be waited for. Pure. */
export function heldByOthers({ processes, instances }: State, monoMs: number): ReadonlySet<string> {
  const busy = new Set(
    instances.filter((one) => isAwaited(one, monoMs)).map(({ process }) => process),
  )
  const held = new Set<string>()
  for (const { name, dependsOn } of inStartOrder(processes).toReversed()) {
    if (!busy.has(name) && !held.has(name)) continue
    for (const { process } of dependsOn) held.add(process)
  }
  return held
}

/** When the first of those that do not end is not waited for any more; null when nobody waits, or everybody ends. Pure. */
export function nextStuckMonoMs({ instances }: State, monoMs: number): number | null {
  if (count(instances, 'isToBeStopped') === 0) return null
  const times = instances
    .filter((one) => one.live?.isKilled && isAwaited(one, monoMs))
    .map(({ live }) => (live?.killAtMonoMs ?? 0) + stuckMs)
  return times.length === 0 ? null : Math.min(...times)
}

function isAwaited(instance: Instance, monoMs: number): boolean {
  const { live } = instance
  if (isAtRest(instance)) return false
  return !live?.isKilled || (live.killAtMonoMs ?? 0) + stuckMs > monoMs
}

/** What the stop of each process may still take, in ms: its grace, what is left of that once it has begun, and nothing for who is at rest. Pure. */
export function stopsToCome({ instances }: State, monoMs: number): OwnMs {
  const left = new Map<string, number>()
  for (const { process, live } of instances.filter((one) => !isAtRest(one))) {
    const { killAtMonoMs = null } = live ?? {}
    const leftMs = killAtMonoMs === null ? Infinity : Math.max(0, killAtMonoMs - monoMs)
    left.set(process, Math.max(left.get(process) ?? 0, leftMs))
  }
  return ({ name, graceMs }) => Math.min(graceMs, left.get(name) ?? 0)
}
