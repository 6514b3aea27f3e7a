import type { ProcessConfig } from '../config/schema.ts'
import type { ProcessSpec, Share, StrategySpec } from './process-spec.ts'

type Replaced = Pick<ProcessSpec, 'strategy' | 'replicas' | 'mostReplicas'>

/** With the defaults filled in: instances that do not share a socket may share a port, and then none can be one too many. Pure. */
export function toStrategy({ strategy = {}, sockets = [] }: ProcessConfig): StrategySpec {
  const { type = 'RollingUpdate', maxSurge, maxUnavailable } = strategy
  if (type === 'Recreate') return { type }
  const [surge, unavailable] = sockets.length > 0 ? [1, 0] : [0, 1]
  return {
    type,
    maxSurge: toShare(maxSurge) ?? surge,
    maxUnavailable: toShare(maxUnavailable) ?? unavailable,
  }
}

/** How many instances more than its replicas a process may have in a rollout, as Kubernetes rounds it, as far as there can be so many. Pure. */
export function surgeOf({ strategy, replicas, mostReplicas }: Replaced): number {
  if (strategy.type === 'Recreate') return 0
  return Math.min(countOf(strategy.maxSurge, replicas, Math.ceil), mostReplicas - replicas)
}

/** How many of its replicas may be missing; 1 where neither more nor fewer are allowed, for then nothing could be replaced. Pure. */
export function unavailableOf(spec: Replaced): number {
  const { strategy, replicas } = spec
  if (strategy.type === 'Recreate') return 1
  const count = countOf(strategy.maxUnavailable, replicas, Math.floor)
  return count === 0 && surgeOf(spec) === 0 ? 1 : Math.min(count, replicas)
}

function countOf(share: Share, replicas: number, round: (count: number) => number): number {
  return typeof share === 'number' ? share : round((Number.parseInt(share, 10) * replicas) / 100)
}

function toShare(written: string | number | undefined): Share | undefined {
  // The schema allows no other texts.
  return written as Share | undefined
}
