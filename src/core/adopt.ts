import type { ProbeName } from '../plan/instance-spec.ts'
import type { ProbeSpec, ProcessSpec } from '../plan/process-spec.ts'
import { runs } from './instance.ts'
import type { Instance, LiveRun } from './instance-state.ts'
import { beginProbing } from './probing.ts'
import { becomeReady, beginAge, forgetAge, probeNames, restProbes, tryOf } from './run-watch.ts'
import type { Step } from './step.ts'

/** The instance has the spec `after` from now on, and so has its run, which was started by `before`: neither needs another run. */
export function adopt(
  instance: Instance,
  before: ProcessSpec,
  after: ProcessSpec,
  step: Step,
): Instance {
  const { live } = instance
  if (live === null || live.end !== null) return instance
  step.want({ type: 'adopt', run: live.run, number: instance.number, spec: after })
  if (instance.phase === 'stopping') {
    const gone = probeNames.filter((name) => !after.probes[name])
    return { ...instance, live: restProbes(instance, live, gone, step) }
  }
  const aged = live.executedMonoMs === null ? live : withAge(instance, before, after, live, step)
  const probed = probeNames.reduce(
    (known, name) => withProbe(instance, before, after, known, name, step),
    aged,
  )
  const now = { ...instance, live: probed }
  const wasAwaited = before.probes.startup?.by === 'tries' && live.probes.startup !== undefined
  if (wasAwaited && !after.probes.startup) return runs(now, after, probed, step)
  const waitsForNothing = instance.phase === 'running' && !after.probes.readiness
  return waitsForNothing && probed.readySinceMonoMs === null ? becomeReady(now, probed, step) : now
}

/** It is as old as it is. */
function withAge(
  instance: Instance,
  before: ProcessSpec,
  after: ProcessSpec,
  live: LiveRun,
  step: Step,
): LiveRun {
  const isSame =
    before.maxAgeMs === after.maxAgeMs && before.maxAgeJitterMs === after.maxAgeJitterMs
  if (isSame) return live
  const forgotten = forgetAge(instance, live, step)
  if (after.maxAgeMs === null) return forgotten
  const lastedMs = step.at.monoMs - (live.executedMonoMs ?? step.at.monoMs)
  const maxAgeMs = Math.max(0, after.maxAgeMs - lastedMs)
  return beginAge(instance, { ...after, maxAgeMs }, forgotten, step)
}

/** A probe that has changed begins anew, and what the last tries said holds until it knows better. */
function withProbe(
  instance: Instance,
  before: ProcessSpec,
  after: ProcessSpec,
  live: LiveRun,
  name: ProbeName,
  step: Step,
): LiveRun {
  const [old, spec] = [before.probes[name], after.probes[name]]
  const checks = [before.template.checks[name], after.template.checks[name]]
  const isOwn = [old, spec].some((one) => one !== undefined && one.by !== 'tries')
  if (isOwn || isSame([old, checks[0]], [spec, checks[1]])) return live
  const state = live.probes[name]
  const rested = restProbes(instance, live, [name], step)
  if (spec === undefined || !isTried(instance, name, live)) return rested
  const { monoMs } = step.at
  const begun = beginProbing(name, spec, live.executedMonoMs ?? monoMs, monoMs, step.unit)
  const known = { ...begun, isPassing: state?.isPassing ?? live.readySinceMonoMs !== null }
  step.want(tryOf(live.run, name, known, spec as ProbeSpec))
  return { ...rested, probes: { ...rested.probes, [name]: known } }
}

/** A startup probe that is new comes too late for a run that has started. */
function isTried({ phase, isWanted }: Instance, name: ProbeName, live: LiveRun): boolean {
  if (live.executedMonoMs === null || live.hook === 'postStart') return false
  if (name === 'startup') return phase === 'starting' && isWanted
  return phase === 'running' && (name === 'readiness' || isWanted)
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}
