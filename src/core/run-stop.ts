import type { ProcessSpec } from '../plan/process-spec.ts'
import type { Cause, InstanceChange } from './changes.ts'
import { ask, boundPreStop, dismiss, hasPreStop, take } from './hooks.ts'
import type { Instance, LiveRun } from './instance-state.ts'
import { forgetAge, restarting, restProbes } from './run-watch.ts'
import { enter, isAtRest, isToBeKilled, restPhase, type Step, wake } from './step.ts'

const SIGKILL = 9

/** The time of a preStop hook is over: the stop signal does not wait for it. */
export function hookTimeEnded(instance: Instance, spec: ProcessSpec, step: Step): Instance {
  const { live } = instance
  if (live?.hook !== 'preStop') return instance
  step.want({ type: 'dismiss', run: live.run, hook: 'preStop' })
  const done = take(instance, live, 'preStop', null, step)
  sendStop(live.run, spec, step)
  return { ...instance, live: done }
}

/** The grace is over: SIGKILL to the main process, or to what it left. */
export function graceEnded(instance: Instance, spec: ProcessSpec, step: Step): Instance {
  const { live } = instance
  if (!live || !isToBeKilled(instance)) return instance
  const cause = live.cause === 'stop-requested' ? 'grace-exceeded' : live.cause
  const alone = dismiss(instance, live, step)
  if (live.hook === 'preStop') sendStop(live.run, spec, step)
  step.want(
    wake(instance, 'kill', null),
    live.end === null
      ? { type: 'signal', run: live.run, signal: SIGKILL, to: 'process' }
      : { type: 'endTree', run: live.run, signal: SIGKILL, sparesGroup: false },
  )
  return { ...instance, live: { ...alone, cause, isKilled: true, killAtMonoMs: step.at.monoMs } }
}

/** The instance is not wanted any more, whatever it is doing. */
export function stop(
  instance: Instance,
  spec: ProcessSpec,
  step: Step,
  told: Pick<InstanceChange, 'reason'> = {},
): Instance {
  const waitsForNothing = { isWaiting: false, awaited: null }
  const unwanted = { ...instance, ...waitsForNothing, isWanted: false }
  const { live } = instance
  if (isAtRest(instance)) return unwanted
  if (live === null) {
    step.want(wake(instance, 'start', null))
    return enter(unwanted, restPhase(unwanted), step, told)
  }
  if (instance.phase === 'stopping') return hurry(unwanted, spec, live, step)
  return interrupt(unwanted, spec, live, step, told)
}

/** The instance is not wanted any more, but its stop has to wait: until then nothing ends it that would be for the sake of a restart. */
export function stopLater(instance: Instance, step: Step): Instance {
  const live =
    instance.live && restProbes(instance, dismiss(instance, instance.live, step), restarting, step)
  return { ...instance, isWanted: false, live }
}

/** A run that is too old is ended, for another one. */
export function renew(instance: Instance, spec: ProcessSpec, step: Step): Instance {
  const { live } = instance
  if (live === null) return instance
  const reason = `older than ${(spec.maxAgeMs ?? 0) / 1000} s`
  return askToEnd(instance, spec, live, step, { cause: 'max-age', reason })
}

/** The run ends and another one follows, for which `reason` is to blame. */
export function stopToRestart(
  instance: Instance,
  spec: ProcessSpec,
  reason: string,
  step: Step,
): Instance {
  const { live, phase } = instance
  return live === null || phase === 'stopping'
    ? instance
    : interrupt(instance, spec, live, step, { reason })
}

/** The instance is stopped, and failed; `reason` is to blame, or a mistake in here. */
export function giveUp(
  instance: Instance,
  spec: ProcessSpec,
  step: Step,
  reason?: string,
): Instance {
  if (instance.isGivenUp) return instance
  return stop({ ...instance, isGivenUp: true }, spec, step, { ...(reason && { reason }) })
}

/** Begins the end of a run that has a process: preStop where there is one, else the stop signal, and SIGKILL at the end of the grace. */
export function askToEnd(
  instance: Instance,
  spec: ProcessSpec,
  live: LiveRun,
  step: Step,
  { graceMs = spec.graceMs, ...told }: AskedFor = {},
): Instance {
  const ownMs = step.graceMs({ name: spec.name, graceMs })
  const killAtMonoMs = step.at.monoMs + ownMs
  const cause = live.cause ?? told.cause ?? 'stop-requested'
  const alone = dismiss(instance, live, step)
  const resting = forgetAge(instance, restProbes(instance, alone, restarting, step), step)
  const asked = { ...resting, cause, killAtMonoMs }
  const hasHook = !step.isForced && hasPreStop(spec, asked, ownMs)
  if (hasHook) boundPreStop(instance, ownMs, step)
  else sendStop(live.run, spec, step)
  step.want(wake(instance, 'kill', killAtMonoMs))
  const stopping = { ...instance, live: hasHook ? ask(asked, 'preStop', step) : asked }
  return enter(stopping, 'stopping', step, told)
}

/** The stop signal, to whom the kill mode says. */
export function sendStop(run: number, { killMode, stopSignal }: ProcessSpec, step: Step): void {
  const to = killMode === 'group' ? 'group' : 'process'
  step.want({ type: 'stop', run, signal: stopSignal, to })
}

/** Ends a run, also one that has no process yet. */
function interrupt(
  instance: Instance,
  spec: ProcessSpec,
  live: LiveRun,
  step: Step,
  told: Pick<InstanceChange, 'reason'>,
): Instance {
  if (live.pid !== null) return askToEnd(instance, spec, live, step, told)
  step.want({ type: 'cancelSpawn', run: live.run })
  const cancelled: LiveRun = { ...live, cause: 'stop-requested' }
  return enter({ ...instance, live: cancelled }, 'stopping', step, told)
}

/** Why Ringmaster asks a run to end that is wanted. */
interface AskedFor {
  readonly cause?: Cause
  readonly reason?: string
  readonly graceMs?: number
}

/** It stops, and says that it needs more time for it. */
export function extendGrace(
  instance: Instance,
  { name }: ProcessSpec,
  live: LiveRun,
  extendMs: number,
  step: Step,
): Instance {
  if (live.isKilled || live.killAtMonoMs === null) return instance
  const killAtMonoMs = step.at.monoMs + step.extensionMs({ name, graceMs: extendMs })
  if (killAtMonoMs <= live.killAtMonoMs) return instance
  step.want(wake(instance, 'kill', killAtMonoMs))
  return { ...instance, live: { ...live, killAtMonoMs } }
}

/** It is stopping already: a shutdown may have less time for it than it was given. */
function hurry(instance: Instance, spec: ProcessSpec, live: LiveRun, step: Step): Instance {
  const ownMs = step.graceMs(spec)
  const killAtMonoMs = step.at.monoMs + ownMs
  if (live.isKilled || live.killAtMonoMs === null || live.killAtMonoMs <= killAtMonoMs) {
    return instance
  }
  if (live.hook === 'preStop') boundPreStop(instance, ownMs, step)
  step.want(wake(instance, 'kill', killAtMonoMs))
  return { ...instance, live: { ...live, killAtMonoMs } }
}
