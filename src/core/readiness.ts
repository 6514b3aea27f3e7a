import type { ProcessSpec } from '../plan/process-spec.ts'
import { unavailableOf } from '../plan/strategy.ts'
import type { Instance } from './instance-state.ts'

/** True while it runs and its readiness probe, if it has one, succeeds. */
export function isReady({ phase, live }: Instance): boolean {
  return phase === 'running' && live !== null && live.readySinceMonoMs !== null
}

/** As many of its instances may be missing as its strategy allows, but never all. */
export function isEnough(spec: ProcessSpec, count: number): boolean {
  return count >= Math.max(1, spec.replicas - unavailableOf(spec))
}
