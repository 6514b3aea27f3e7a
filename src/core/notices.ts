import type { ProbeName } from '../plan/instance-spec.ts'
import { silenceMs } from '../plan/probes.ts'
import type { ProbeSpec } from '../plan/process-spec.ts'
import type { Notice } from './events.ts'
import type { Instance, Limit, LiveRun, Said } from './instance-state.ts'
import { type Step, wake } from './step.ts'

/** A run that has not spoken yet. */
export const silent: Said = {
  ...{ state: null, status: null, told: null },
  ...{ tellAtMonoMs: null, untilMonoMs: 0, watchdogMs: null },
}

/** What is known of a run after `notice`. Pure. */
export function hear(
  said: Said,
  { state, status, watchdogMs, extendMs }: Notice,
  nowMonoMs: number,
): Said {
  return {
    ...said,
    ...(state !== undefined && { state }),
    ...(status !== undefined && { status: status === '' ? null : status }),
    ...(watchdogMs !== undefined && { watchdogMs }),
    ...(extendMs !== undefined && { untilMonoMs: nowMonoMs + extendMs }),
  }
}

/** Whether the last word of a run is `READY=1`. */
export function isSaidReady({ said }: LiveRun): boolean {
  return said.state === 'ready'
}

/** `readiness: RELOADING=1`: what a run whose probe waits for `READY=1` has said instead. */
export function describeSilence(name: ProbeName, live: LiveRun): string {
  return `${name}: ${lastWord(live) ?? 'no READY=1 yet'}`
}

/** As it was sent; undefined: nothing of the kind was. */
export function lastWord({ said }: LiveRun): string | undefined {
  return said.state === null ? undefined : `${said.state.toUpperCase()}=1`
}

/** From now on the run has to say what the probe waits for. Readiness waits for ever. */
export function awaitNotice(
  instance: Instance,
  spec: ProbeSpec,
  live: LiveRun,
  name: ProbeName,
  step: Step,
): LiveRun {
  if (name === 'readiness') return live
  const { executedMonoMs, said } = live
  const { monoMs } = step.at
  const sinceMonoMs = Math.max(monoMs, (executedMonoMs ?? monoMs) + spec.initialDelayMs)
  if (name === 'liveness') return awaitSign(instance, spec, live, sinceMonoMs, step)
  const untilMonoMs = Math.max(sinceMonoMs + silenceMs(spec), said.untilMonoMs)
  return limit(instance, live, { probe: name, sinceMonoMs, untilMonoMs }, step)
}

/** The run has to give a sign of life after `sinceMonoMs`, within the time that it wants or that its probe has. */
export function awaitSign(
  instance: Instance,
  spec: ProbeSpec,
  live: LiveRun,
  sinceMonoMs: number,
  step: Step,
): LiveRun {
  const withinMs = live.said.watchdogMs ?? silenceMs(spec)
  if (withinMs === 0) return live.limit ? forgetLimit(instance, live, step) : live
  const untilMonoMs = sinceMonoMs + withinMs
  return limit(instance, live, { probe: 'liveness', sinceMonoMs, untilMonoMs }, step)
}

/** Sets the time by which the run has to speak. */
export function limit(instance: Instance, live: LiveRun, until: Limit, step: Step): LiveRun {
  step.want(wake(instance, 'notify', until.untilMonoMs))
  return { ...live, limit: until }
}

/** The run has not to speak any more. */
export function forgetLimit(instance: Instance, live: LiveRun, step: Step): LiveRun {
  step.want(wake(instance, 'notify', null))
  return { ...live, limit: null }
}

/** Tells a status that is new, now or when the last one is old enough. */
export function tellStatus(instance: Instance, live: LiveRun, step: Step): LiveRun {
  const { said } = live
  if (!isNews(said) || said.tellAtMonoMs !== null) return live
  const tellAtMonoMs = said.told ? said.told.atMonoMs + statusEveryMs : 0
  if (step.at.monoMs >= tellAtMonoMs) return tell(instance, live, step)
  step.want(wake(instance, 'status', tellAtMonoMs))
  return { ...live, said: { ...said, tellAtMonoMs } }
}

/** The last status that was told is old enough. */
export function statusDue(instance: Instance, step: Step): Instance {
  const { live } = instance
  if (live === null || live.said.tellAtMonoMs === null) return instance
  return { ...instance, live: tell(instance, live, step) }
}

/** The run has ended: its last status does not wait. */
export function tellLast(instance: Instance, live: LiveRun, step: Step): LiveRun {
  if (live.said.tellAtMonoMs === null) return live
  step.want(wake(instance, 'status', null))
  return tell(instance, live, step)
}

function tell({ name, process }: Instance, live: LiveRun, step: Step): LiveRun {
  const { run, said } = live
  const { status } = said
  if (status === null || !isNews(said)) return { ...live, said: { ...said, tellAtMonoMs: null } }
  step.tell({ type: 'notice', process, instance: name, run, status })
  const told = { status, atMonoMs: step.at.monoMs }
  return { ...live, said: { ...said, told, tellAtMonoMs: null } }
}

function isNews({ status, told }: Said): boolean {
  return status !== null && status !== told?.status
}

/** Of many statuses one is told in so much time. */
const statusEveryMs = 1000
