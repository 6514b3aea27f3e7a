import type { BackoffPolicy } from '../plan/process-spec.ts'

/** Delay before the restart that follows failure `n` in a row, in ms: 0 for n ≤ 1, then initial × factor^(n-2), at most `maxMs`; `unit` in [0, 1) adds up to `jitter` of it. */
export function backoffMs(n: number, policy: BackoffPolicy, unit: number): number {
  // Of a long row the power is Infinity, and 0 times that is no number.
  if (n <= 1 || policy.initialMs === 0) return 0
  const delay = Math.min(policy.maxMs, policy.initialMs * policy.factor ** (n - 2))
  return delay + delay * policy.jitter * unit
}
