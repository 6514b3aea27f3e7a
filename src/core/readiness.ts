import type { ProcessSpec } from '../plan/plan.ts'
import type { Instance } from './state.ts'

/** True while it runs and nothing says that it is not ready. */
export function isReady({ phase }: Instance): boolean {
  return phase === 'running'
}

/** One of its instances may be missing (maxUnavailable 1), but never all. */
export function isEnough(spec: ProcessSpec, count: number): boolean {
  return count >= Math.max(1, spec.instances.length - 1)
}
