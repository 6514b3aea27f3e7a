import type { Instance } from './instance-state.ts'
import { isReady } from './readiness.ts'
import { isAtRest } from './step.ts'

/**
 * Whether a run that is too old may be ended now: one that is ready only while all others of its process are too, but for those
 * that do not run and will not. So none goes before the last one has come back. Pure.
 */
export function mayBeRenewed(instance: Instance, instances: readonly Instance[]): boolean {
  const { name, process, phase, isWanted, live } = instance
  if (live?.age !== 'old' || phase !== 'running' || !isWanted) return false
  return (
    !isReady(instance) ||
    instances.every(
      (other) =>
        other.process !== process || other.name === name || isReady(other) || isAtRest(other),
    )
  )
}
