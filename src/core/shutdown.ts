import { ExitCode } from '../lib/exit-codes.ts'
import { signalName } from '../lib/signals.ts'
import { sweepMs } from '../plan/shutdown.ts'
import type { Draft } from './draft.ts'
import * as stops from './run-stop.ts'
import { isToBeStopped } from './step.ts'
import { heldByOthers, nextStuckMonoMs } from './stop-order.ts'
import { count } from './tally.ts'
import { drainedMs, drainShareMs, endDrain } from './withdrawal.ts'

/** An INT or QUIT that comes once more forces. */
export function shutDownBySignal(draft: Draft, signal: number): void {
  shutDown(draft, signalName(signal), ExitCode.ok, false)
  if (signal !== SIGINT && signal !== SIGQUIT) return
  if (draft.state.ending?.isInterrupted) force(draft)
  draft.amend({ isInterrupted: true })
}

/** Begins the shutdown; a failure does not wait for the drain, also of a shutdown that has begun. */
export function shutDown(draft: Draft, reason: string, code: number, isFailure: boolean): void {
  if (draft.state.phase === 'running') {
    const { withdrawal } = draft.state
    const beganMonoMs = draft.at.monoMs - drainedMs(withdrawal, draft.at.monoMs)
    const flags = { isInterrupted: false, isForced: false, isOverdue: false, isSwept: false }
    draft.state = { ...draft.state, ending: { reason, code, beganMonoMs, ...flags } }
    const { drainMs, graceMs } = draft.state.shutdown
    const budgetMonoMs = Math.max(draft.at.monoMs, beganMonoMs + graceMs)
    draft.want({ type: 'wake', key: 'budget', atMonoMs: budgetMonoMs })
    if (drainMs === 0 || isFailure || withdrawal?.isDrained) stopAll(draft)
    else drain(draft)
  } else if (draft.state.phase === 'draining' && isFailure) {
    stopAll(draft)
  }
}

/** Nothing is wanted any more. What has a process is stopped in its turn. */
export function stopAll(draft: Draft): void {
  endDrain(draft)
  const groups = draft.state.groups.map((group) => ({ ...group, restarting: [] }))
  draft.state = { ...draft.state, groups }
  draft.enter('stopping')
  draft.each((instance, spec) =>
    isToBeStopped(instance) ? stops.stopLater(instance, draft) : stops.stop(instance, spec, draft),
  )
}

/** Stops what nothing depends on that is not at rest, or all at once. */
export function stopInTurn(draft: Draft): void {
  const { monoMs } = draft.at
  if (count(draft.state.instances, 'isToBeStopped') > 0) {
    const held = draft.isForced ? new Set() : heldByOthers(draft.state, monoMs)
    draft.each((instance, spec) =>
      isToBeStopped(instance) && !held.has(instance.process)
        ? stops.stop(instance, spec, draft)
        : instance,
    )
  }
  const turnAtMonoMs = nextStuckMonoMs(draft.state, monoMs)
  if (turnAtMonoMs === draft.state.turnAtMonoMs) return
  draft.state = { ...draft.state, turnAtMonoMs }
  draft.want({ type: 'wake', key: 'turn', atMonoMs: turnAtMonoMs })
}

/** Somebody will not wait: SIGKILL to all that has had its stop signal. */
export function force(draft: Draft): void {
  if (draft.isForced) return
  draft.amend({ isForced: true })
  if (draft.state.phase === 'draining') stopAll(draft)
  if (draft.state.phase === 'sweeping') sweep(draft, SIGKILL)
}

/** Only what SIGKILL does not end, or not at once, lives now. */
export function outliveBudget(draft: Draft): void {
  draft.amend({ isOverdue: true })
  force(draft)
  draft.want({ type: 'wake', key: 'budget', atMonoMs: draft.at.monoMs + overdueMs })
}

/** Everything else below Ringmaster is to end, within its share of the budget. */
export function sweep(draft: Draft, signal: number): void {
  const atMonoMs = draft.at.monoMs + draft.shareMs(sweepMs, sweepMs)
  draft.want({ type: 'wake', key: 'sweep', atMonoMs }, { type: 'sweep', signal })
}

/** Ringmaster exits. */
export function end(draft: Draft): void {
  draft.enter('ended')
  for (const key of ['sweep', 'budget'] as const) draft.want({ type: 'wake', key, atMonoMs: null })
  draft.want({ type: 'exit', code: draft.state.ending?.code ?? ExitCode.internal })
}

/** A drain that has begun goes on. */
function drain(draft: Draft): void {
  draft.enter('draining')
  if (draft.state.withdrawal?.for === 'drain') return
  draft.want({ type: 'wake', key: 'drain', atMonoMs: draft.at.monoMs + drainShareMs(draft) })
}

const [SIGINT, SIGQUIT, SIGKILL] = [2, 3, 9]
/** From the end of a budget, when all that is left was killed, to an exit that waits for nothing. */
const overdueMs = 1000
