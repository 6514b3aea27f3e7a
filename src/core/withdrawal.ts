import { chainMs, stepMs, usableMs } from '../plan/shutdown.ts'
import type { Draft } from './draft.ts'
import type { Withdrawal } from './state.ts'
import { stopsToCome } from './stop-order.ts'

/** What a drain that begins now gets of its own time. */
export function drainShareMs(draft: Draft): number {
  const { processes, shutdown } = draft.state
  const stopsMs = chainMs(processes, stopsToCome(draft.state, draft.at.monoMs))
  return stepMs(shutdown.drainMs, usableMs(shutdown), shutdown.drainMs + stopsMs)
}

/** The drain of a shutdown that is still to be asked for. */
export function drainFirst(draft: Draft, by: string): void {
  if (draft.state.phase !== 'running' || draft.state.withdrawal?.for === 'drain') return
  const untilMonoMs = draft.at.monoMs + drainShareMs(draft)
  const isDrained = untilMonoMs === draft.at.monoMs
  if (!isDrained) draft.want({ type: 'wake', key: 'drain', atMonoMs: untilMonoMs })
  withdraw(draft, { for: 'drain', isDrained, sinceMonoMs: draft.at.monoMs, untilMonoMs }, by)
}

/** Not ready until somebody ends it; nothing stops. */
export function beginMaintenance(draft: Draft, by: string): void {
  if (draft.state.phase !== 'running' || draft.state.withdrawal !== null) return
  const { monoMs } = draft.at
  const now = { sinceMonoMs: monoMs, untilMonoMs: monoMs }
  withdraw(draft, { for: 'maintenance', isDrained: false, ...now }, by)
}

/** Maintenance, or a drain, is over. */
export function endWithdrawal(draft: Draft, by: string): void {
  if (draft.state.phase !== 'running' || draft.state.withdrawal === null) return
  endDrain(draft)
  withdraw(draft, null, by)
}

/** Sets what is asked for, and tells of it. Without `by` nobody asked just now. */
export function withdraw(draft: Draft, withdrawal: Withdrawal | null, by?: string): void {
  draft.state = { ...draft.state, withdrawal }
  const withdrawn = withdrawal && { for: withdrawal.for, isDrained: withdrawal.isDrained }
  draft.tell({ type: 'withdrawal', withdrawn, ...(by !== undefined && { by }) })
}

/** The deadline of a drain means nothing any more. */
export function endDrain(draft: Draft): void {
  const { phase, withdrawal } = draft.state
  const isAwaited = withdrawal?.for === 'drain' && !withdrawal.isDrained
  if (phase === 'draining' || isAwaited) {
    draft.want({ type: 'wake', key: 'drain', atMonoMs: null })
  }
}

/** How much of the time of a shutdown went by before it: a drain, as long as that lasted. */
export function drainedMs(withdrawal: Withdrawal | null, monoMs: number): number {
  return withdrawal === null ? 0 : Math.min(monoMs, withdrawal.untilMonoMs) - withdrawal.sinceMonoMs
}
