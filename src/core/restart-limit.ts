import type { RestartLimit } from '../plan/process-spec.ts'

/** Of `restartsMonoMs` those that still count at `monoMs`; as many as the limit allows at most. Pure. */
export function recentRestarts(
  restartsMonoMs: readonly number[],
  limit: RestartLimit | null,
  monoMs: number,
): readonly number[] {
  return limit === null ? [] : restartsMonoMs.filter((at) => at > monoMs - limit.withinMs)
}

/** Whether one more automatic restart stays within the limit, after `recent` ones and `failures` ends in a row. Pure. */
export function allowsRestart(
  recent: readonly number[],
  failures: number,
  limit: RestartLimit | null,
): boolean {
  return limit === null || (recent.length < limit.count && failures <= limit.count)
}
