import type { ExitStatus } from '../lib/exit-codes.ts'
import type { ProcessSpec } from '../plan/process-spec.ts'
import { backoffMs } from './backoff.ts'
import type { Cause, InstanceChange } from './changes.ts'
import type { Clue } from './events.ts'
import { dismiss } from './hooks.ts'
import type { Instance, LiveRun } from './instance-state.ts'
import { tellLast } from './notices.ts'
import { awaitConnection } from './on-demand.ts'
import { allowsRestart, recentRestarts } from './restart-limit.ts'
import { isPassing, start, tryAgain } from './run-start.ts'
import { forgetAge, probeNames, restProbes, wasReadyLongEnough } from './run-watch.ts'
import { enter, restPhase, type Step, wake } from './step.ts'

const SIGKILL = 9

/** The helper says why the command cannot run; its exit follows. */
export function execFailed(instance: Instance, live: LiveRun, refused: string): Instance {
  return { ...instance, live: { ...live, refused, cause: live.cause ?? 'exec-failed' } }
}

/** There is no process. What the kernel lacks just now is tried again soon and counts as nothing; all else is a failed run. */
export function spawnFailed(
  instance: Instance,
  spec: ProcessSpec,
  live: LiveRun,
  errno: string,
  step: string,
  ctx: Step,
): Instance {
  const refused = `${errno} ${step}`
  if (!instance.isWanted) return enter({ ...instance, live: null }, restPhase(instance), ctx)
  if (live.cause !== null) return start({ ...instance, live: null }, spec, ctx)
  if (isPassing(refused)) return tryAgain(instance, live.run, refused, ctx)
  return afterEnd(instance, spec, { ...live, refused, cause: 'exec-failed' }, ctx)
}

/** The main process ended: what is left of its tree is ended too, within what is left of the one grace. */
export function exited(
  instance: Instance,
  spec: ProcessSpec,
  live: LiveRun,
  { status, clue }: { readonly status: ExitStatus; readonly clue?: Clue | undefined },
  step: Step,
): Instance {
  const isAsked = instance.phase === 'stopping'
  const isSignalled = isAsked && live.hook !== 'preStop'
  const alone = tellLast(instance, dismiss(instance, live, step), step)
  const ended: LiveRun = {
    ...forgetAge(instance, restProbes(instance, alone, probeNames, step), step),
    cause: live.cause ?? causeOf(status, clue, spec),
    end: { status, atMonoMs: step.at.monoMs },
    killAtMonoMs: live.killAtMonoMs ?? step.at.monoMs + step.graceMs(spec),
  }
  const stopping = isAsked
    ? { ...instance, live: ended }
    : enter({ ...instance, live: ended }, 'stopping', step, {
        ...toldOfEnd(ended),
        ...(clue === 'possible-oom-kill' && { reason: 'possibly oom' }),
      })
  if (spec.killMode === 'process') {
    step.want({ type: 'abandon', run: live.run })
    return emptied(stopping, spec, ended, step)
  }
  const isKill = live.isKilled || spec.killMode === 'mixed'
  step.want({
    ...{ type: 'endTree', run: live.run, signal: isKill ? SIGKILL : spec.stopSignal },
    sparesGroup: isSignalled && !isKill && spec.killMode === 'group',
  })
  if (!isAsked) step.want(wake(instance, 'kill', ended.killAtMonoMs))
  return stopping
}

/** Nothing of the run lives, or what does is left alone. */
export function emptied(
  instance: Instance,
  spec: ProcessSpec,
  live: LiveRun,
  step: Step,
): Instance {
  step.want(wake(instance, 'kill', null))
  return afterEnd(instance, spec, live, step)
}

function causeOf(status: ExitStatus, clue: Clue | undefined, spec: ProcessSpec): Cause {
  if (status.signal === 0 && spec.successExitCodes.includes(status.code)) return 'completed'
  if (clue === 'heap-limit') return 'heap-limit'
  if (status.signal === 0) return 'error'
  return clue === 'oom-kill' ? 'oom-killed' : 'signal'
}

/** The run is over: what its instance is from now on. */
function afterEnd(instance: Instance, spec: ProcessSpec, live: LiveRun, step: Step): Instance {
  const { cause } = live
  if (cause === null) throw new Error(`run ${live.run} of ${instance.name} ended without a cause`)
  const status = live.end?.status ?? null
  const over = { ...instance, live: null, last: { run: live.run, cause, status } }
  const told = { run: live.run, pid: live.pid, ...toldOfEnd(live) }
  if (!instance.isWanted) return enter(over, restPhase(instance), step, told)
  if (live.isRestartAsked || cause === 'stop-requested' || cause === 'grace-exceeded') {
    return start(over, spec, step, told)
  }
  if (cause === 'exec-failed' && live.refused !== null && isPassing(live.refused)) {
    return tryAgain(instance, live.run, live.refused, step)
  }
  if (cause === 'max-age') {
    // No failure, whatever the policy: but a stable run still ends the row before it.
    const failures = beginsNewRow(live, spec) ? 0 : over.failures
    const again = { ...over, failures, restarts: over.restarts + 1 }
    return start(again, spec, step, { ...told, delayMs: 0 })
  }
  if (cause === 'completed' && spec.isOnDemand && !spec.isShutdownOnExit) {
    return awaitConnection({ ...over, failures: 0 }, spec, step, told, live)
  }
  if (cause === 'completed' && (spec.restartPolicy !== 'Always' || spec.isShutdownOnExit)) {
    // What has succeeded counts as ready, whatever its probes had to say.
    return enter({ ...over, wasReady: true }, 'succeeded', step, told)
  }
  const isFinal = spec.isFirstStartFinal && cause === 'exec-failed' && instance.last === null
  if (spec.restartPolicy === 'Never' || isFinal) return enter(over, 'failed', step, told)
  return restart(over, spec, beginsNewRow(live, spec), step, told)
}

/** At once or after a wait, if its restart limit has one left. */
function restart(
  instance: Instance,
  spec: ProcessSpec,
  isFirstOfRow: boolean,
  step: Step,
  told: Partial<InstanceChange>,
): Instance {
  const { monoMs } = step.at
  const { restartLimit } = spec
  const failures = isFirstOfRow ? 1 : instance.failures + 1
  const recent = recentRestarts(instance.recentRestartsMonoMs, restartLimit, monoMs)
  if (!allowsRestart(recent, failures, restartLimit)) {
    const reason = `restart limit: ${restartLimit?.count} within ${(restartLimit?.withinMs ?? 0) / 1000} s or in a row`
    return enter({ ...instance, failures }, 'failed', step, { ...told, reason })
  }
  const excess = step.restartsInGroup(instance)
  if (excess !== null) {
    return enter({ ...instance, failures }, 'failed', step, { ...told, reason: excess })
  }
  const again = {
    ...{ ...instance, failures, restarts: instance.restarts + 1 },
    recentRestartsMonoMs: restartLimit === null ? [] : [...recent, monoMs],
  }
  const delayMs = backoffMs(failures, spec.backoff, step.unit)
  if (delayMs === 0) return start(again, spec, step, { ...told, delayMs })
  step.want(wake(instance, 'start', monoMs + delayMs))
  return enter(again, 'backoff', step, { ...told, delayMs })
}

function toldOfEnd({ cause, end, refused, isKilled }: LiveRun): Partial<InstanceChange> {
  return {
    ...(cause && { cause }),
    ...(end && { status: end.status }),
    ...(refused && { refused }),
    ...(isKilled && { killed: true }),
  }
}

/** Whether the row of failures is one long after this end. */
function beginsNewRow(live: LiveRun, spec: ProcessSpec): boolean {
  if (live.end === null) return false
  const { atMonoMs } = live.end
  if (live.cause !== null && foundLate.has(live.cause)) {
    // It may have been ready for long: between two tries of a probe, and while it grows, it always is.
    const lastedMs = atMonoMs - (live.executedMonoMs ?? atMonoMs)
    return lastedMs >= (spec.restartLimit?.withinMs ?? longRunMs)
  }
  return live.wasStable || wasReadyLongEnough(live, spec, atMonoMs)
}

/** Ends of runs that were found to be wrong some time after they were. */
const foundLate: ReadonlySet<Cause> = new Set([
  'startup-failed',
  'liveness-failed',
  'watchdog',
  'memory-limit',
])

/** What such a run must have lasted, where no restart limit says it. */
const longRunMs = 600_000
