import type { ProbeName } from '../plan/instance-spec.ts'
import type { ProbeSpec, ProcessSpec } from '../plan/process-spec.ts'
import type { Effect } from './effects.ts'
import type { Instance, LiveRun, ProbeState } from './instance-state.ts'
import { awaitNotice, forgetLimit } from './notices.ts'
import { beginProbing } from './probing.ts'
import { type Step, wake } from './step.ts'

/** The run is ready, by its readiness probe or for want of one. */
export function becomeReady(instance: Instance, live: LiveRun, step: Step): Instance {
  return { ...instance, wasReady: true, live: { ...live, readySinceMonoMs: step.at.monoMs } }
}

/** The run is not ready any more. That it was for long is kept. */
export function becomeUnready(
  instance: Instance,
  spec: ProcessSpec,
  live: LiveRun,
  step: Step,
): Instance {
  const wasStable = live.wasStable || wasReadyLongEnough(live, spec, step.at.monoMs)
  return { ...instance, live: { ...live, wasStable, readySinceMonoMs: null } }
}

/** All there are. */
export const probeNames: readonly ProbeName[] = ['startup', 'readiness', 'liveness']

/** Those that rest from the begin of a stop. */
export const restarting: readonly ProbeName[] = ['startup', 'liveness']

/** Begins with a probe, if there is one. */
export function probe(
  instance: Instance,
  spec: ProcessSpec,
  live: LiveRun,
  name: ProbeName,
  step: Step,
): Instance {
  const probeSpec = spec.probes[name]
  const isResting = !instance.isWanted && restarting.includes(name)
  if (!probeSpec || isResting) return { ...instance, live }
  if (probeSpec.by === 'notify') {
    return { ...instance, live: awaitNotice(instance, probeSpec, live, name, step) }
  }
  const { monoMs } = step.at
  const state = beginProbing(name, probeSpec, live.executedMonoMs ?? monoMs, monoMs, step.unit)
  step.want(tryOf(live.run, name, state, probeSpec))
  return { ...instance, live: { ...live, probes: { ...live.probes, [name]: state } } }
}

/** The next try of a probe. */
export function tryOf(
  run: number,
  name: ProbeName,
  { atMonoMs }: ProbeState,
  { timeoutMs }: ProbeSpec,
): Effect {
  return { type: 'probe', run, probe: name, atMonoMs, timeoutMs }
}

/** A run of a process with a greatest age is young from now on. */
export function beginAge(
  instance: Instance,
  spec: ProcessSpec,
  live: LiveRun,
  step: Step,
): LiveRun {
  if (spec.maxAgeMs === null) return live
  const ageMs = spec.maxAgeMs + step.unit * spec.maxAgeJitterMs
  step.want(wake(instance, 'age', step.at.monoMs + ageMs))
  return { ...live, age: 'young' }
}

/** What ends does not grow older. */
export function forgetAge(instance: Instance, live: LiveRun, step: Step): LiveRun {
  if (live.age === 'young') step.want(wake(instance, 'age', null))
  return { ...live, age: 'unlimited' }
}

/** Those of `names` that are tried are tried no more, and nobody has to speak for their sake. */
export function restProbes(
  instance: Instance,
  live: LiveRun,
  names: readonly ProbeName[],
  step: Step,
): LiveRun {
  let resting =
    live.limit && names.includes(live.limit.probe) ? forgetLimit(instance, live, step) : live
  for (const name of names) {
    if (live.probes[name] === undefined) continue
    step.want({ type: 'stopProbe', run: live.run, probe: name })
    resting = without(resting, name)
  }
  return resting
}

/** The run has no such probe any more. */
export function without(live: LiveRun, name: ProbeName): LiveRun {
  const { [name]: _, ...probes } = live.probes
  return { ...live, probes }
}

/** True for a run that is ready now, and has been for so long that the row of failures is over. */
export function wasReadyLongEnough(
  { readySinceMonoMs }: LiveRun,
  { backoff }: ProcessSpec,
  monoMs: number,
): boolean {
  return readySinceMonoMs !== null && monoMs - readySinceMonoMs >= backoff.resetAfterMs
}
