import type { ProcessSpec } from '../plan/process-spec.ts'
import type { Notice } from './events.ts'
import { runs } from './instance.ts'
import type { Instance, LiveRun } from './instance-state.ts'
import {
  awaitSign,
  forgetLimit,
  hear,
  isSaidReady,
  lastWord,
  limit,
  tellStatus,
} from './notices.ts'
import { askToEnd, extendGrace } from './run-stop.ts'
import { becomeReady, becomeUnready } from './run-watch.ts'
import type { Step } from './step.ts'

/** The run has said something of itself; it counts for the probes that are by `notify`, and for a stop. */
export function notified(
  instance: Instance,
  spec: ProcessSpec,
  live: LiveRun,
  notice: Notice,
  step: Step,
): Instance {
  const heard = { ...live, said: hear(live.said, notice, step.at.monoMs) }
  const now = tellStatus(instance, heard, step)
  const known = { ...instance, live: now }
  if (instance.phase === 'stopping') {
    return extendGrace(known, spec, now, notice.extendMs ?? 0, step)
  }
  const isWatched = spec.probes.liveness?.by === 'notify' && instance.isWanted
  if (notice.watchdog === 'failed' && isWatched) {
    return bite(known, spec, now, 'WATCHDOG=trigger', step)
  }
  if (now.limit?.probe === 'startup') return start(known, spec, now, step)
  return instance.phase === 'running'
    ? turn(feed(known, spec, now, notice, step), spec, step)
    : known
}

/** The run has not said in time what a probe waits for. */
export function silenceEnded(instance: Instance, spec: ProcessSpec, step: Step): Instance {
  const { live } = instance
  if (!live?.limit) return instance
  const { probe, sinceMonoMs, untilMonoMs } = live.limit
  const within = `within ${Math.round(untilMonoMs - sinceMonoMs) / 1000} s`
  if (probe === 'liveness') return bite(instance, spec, live, `no WATCHDOG=1 ${within}`, step)
  const reason = `startup: no READY=1 ${within}`
  const graceMs = spec.probes.startup?.graceMs ?? spec.graceMs
  return askToEnd(instance, spec, live, step, { cause: 'startup-failed', reason, graceMs })
}

function bite(
  instance: Instance,
  spec: ProcessSpec,
  live: LiveRun,
  why: string,
  step: Step,
): Instance {
  const graceMs = spec.probes.liveness?.graceMs ?? spec.graceMs
  const reason = `watchdog: ${why}`
  return askToEnd(instance, spec, live, step, { cause: 'watchdog', reason, graceMs })
}

/** It starts, and its word is what keeps it from running: it has started, or may need longer than it was given. */
function start(instance: Instance, spec: ProcessSpec, live: LiveRun, step: Step): Instance {
  if (isSaidReady(live)) return runs(instance, spec, forgetLimit(instance, live, step), step)
  const { untilMonoMs } = live.said
  if (!live.limit || untilMonoMs <= live.limit.untilMonoMs) return instance
  return { ...instance, live: limit(instance, live, { ...live.limit, untilMonoMs }, step) }
}

/** A sign of life, or another time for it, begins that time anew. */
function feed(
  instance: Instance,
  { probes: { liveness } }: ProcessSpec,
  live: LiveRun,
  { watchdog, watchdogMs }: Notice,
  step: Step,
): Instance {
  const isFed = watchdog === 'alive' || watchdogMs !== undefined
  if (!isFed || liveness?.by !== 'notify' || !instance.isWanted) return instance
  return { ...instance, live: awaitSign(instance, liveness, live, step.at.monoMs, step) }
}

/** It is ready from now on, or not any more, where that is for it to say. */
function turn(instance: Instance, spec: ProcessSpec, step: Step): Instance {
  const { name, process, live } = instance
  if (live === null || spec.probes.readiness?.by !== 'notify') return instance
  const isReady = isSaidReady(live)
  if (isReady === (live.readySinceMonoMs !== null)) return instance
  step.tell({
    ...{ type: 'notice', process, instance: name, run: live.run, isReady },
    detail: lastWord(live) ?? '',
  })
  return isReady ? becomeReady(instance, live, step) : becomeUnready(instance, spec, live, step)
}
