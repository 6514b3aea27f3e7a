import type { ProbeName } from '../plan/instance-spec.ts'
import type { ProbeSpec, ProcessSpec } from '../plan/process-spec.ts'
import type { ProbeResult } from './events.ts'
import type { Instance, ProbeState } from './instance-state.ts'
import { describeSilence, isSaidReady } from './notices.ts'

/** Until they have succeeded, startup and readiness are tried after this time, then after twice as much, up to their period. */
const firstWaitMs = 100

/**
 * A probe of a command that was executed at `executedMonoMs` and may be tried from now on; `unit` in [0, 1) spreads the tries of many. A command that
 * was executed just now is given a moment. Pure.
 */
export function beginProbing(
  name: ProbeName,
  spec: ProbeSpec,
  executedMonoMs: number,
  nowMonoMs: number,
  unit: number,
): ProbeState {
  const sinceMonoMs = Math.max(nowMonoMs, executedMonoMs + spec.initialDelayMs)
  const isPassing = name === 'liveness'
  const unknown = { sinceMonoMs, isPassing, last: null, row: 0, detail: null }
  if (name === 'liveness') {
    return { ...unknown, early: null, atMonoMs: sinceMonoMs + unit * spec.periodMs }
  }
  // The line may come at any time.
  if (spec.by === 'logLine') {
    return { ...unknown, detail: 'no line matched yet', early: null, atMonoMs: sinceMonoMs }
  }
  const early = sinceMonoMs > executedMonoMs ? 0 : 1
  return { ...unknown, ...nextEarly(sinceMonoMs, early, spec, nowMonoMs, unit) }
}

/** What `state` is after a try that has ended, and when the next one begins. Pure. */
export function judge(
  state: ProbeState,
  spec: ProbeSpec,
  { isOk, detail, againAtMonoMs }: Pick<ProbeResult, 'isOk' | 'detail' | 'againAtMonoMs'>,
  nowMonoMs: number,
  unit: number,
): ProbeState {
  if (state.early !== null && isOk !== true) {
    const next = nextEarly(state.sinceMonoMs, state.early + 1, spec, nowMonoMs, unit)
    return { ...state, ...next, detail }
  }
  // Not from when it began: tries that something held up together would stay together.
  const atMonoMs = Math.max(nowMonoMs, againAtMonoMs ?? state.atMonoMs + spec.periodMs)
  if (isOk === null) return { ...state, atMonoMs }
  const last = isOk ? 'success' : 'failure'
  const threshold = isOk ? spec.successThreshold : spec.failureThreshold
  const row = Math.min(threshold, state.last === last ? state.row + 1 : 1)
  return {
    ...{ sinceMonoMs: state.sinceMonoMs, atMonoMs, early: null, last, row },
    isPassing: row >= threshold ? isOk : state.isPassing,
    detail: isOk ? null : detail,
  }
}

/** Whether the last failures in a row are too many. */
export function hasFailed({ last, row }: ProbeState, { failureThreshold }: ProbeSpec): boolean {
  return last === 'failure' && row >= failureThreshold
}

/** Whether `state`, after a failure, has a longer row of them than `before`. */
export function hasCounted(before: ProbeState, { last, row }: ProbeState): boolean {
  return last === 'failure' && (before.last !== 'failure' || row > before.row)
}

/** `readiness: HTTP 503 (3/3)`: what the last tries said, of a probe that does not succeed. */
export function describeProblem(
  name: ProbeName,
  { last, row, detail }: ProbeState,
  { successThreshold, failureThreshold }: ProbeSpec,
): string {
  if (detail === null) {
    return last === null
      ? `${name}: no result yet`
      : `${name}: ${row} of ${successThreshold} successes`
  }
  return last === null ? `${name}: ${detail}` : `${name}: ${detail} (${row}/${failureThreshold})`
}

/** What keeps a live instance from being ready, or from its stop signal: its hook, or what its probe says; null when none does. Pure. */
export function problemOf({ phase, live }: Instance, { probes }: ProcessSpec): string | null {
  const isUp = phase === 'starting' || phase === 'running'
  if (isUp && live?.limit?.probe === 'startup') return describeSilence('startup', live)
  if (live?.hook) return `${live.hook}: not done`
  if (!isUp) return null
  for (const name of ['startup', 'readiness'] as const) {
    const [state, spec] = [live?.probes[name], probes[name]]
    if (state && spec && !state.isPassing) return describeProblem(name, state, spec)
  }
  if (phase === 'running' && probes.readiness?.by === 'notify' && live && !isSaidReady(live)) {
    return describeSilence('readiness', live)
  }
  return null
}

/** The next early try, the `early`th or one after it; when that would come after a period, the first that counts. */
function nextEarly(
  sinceMonoMs: number,
  early: number,
  { periodMs }: ProbeSpec,
  nowMonoMs: number,
  unit: number,
): Pick<ProbeState, 'early' | 'atMonoMs'> {
  const waitOf = (count: number) =>
    count === 0 ? 0 : firstWaitMs * 2 ** (count - 1) * (1 - unit / 2)
  let count = early
  // The last one may have taken longer than to the next.
  while (waitOf(count) < periodMs && sinceMonoMs + waitOf(count) < nowMonoMs) count += 1
  return waitOf(count) < periodMs
    ? { early: count, atMonoMs: sinceMonoMs + waitOf(count) }
    : { early: null, atMonoMs: Math.max(nowMonoMs, sinceMonoMs + periodMs) }
}
