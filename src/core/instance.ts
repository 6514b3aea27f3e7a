import type { ExitStatus } from '../lib/exit-codes.ts'
import type { ProcessSpec } from '../plan/plan.ts'
import { backoffMs } from './backoff.ts'
import type { DeadlineKey, Effect, InstanceChange, Moment, Phase } from './messages.ts'
import type { Instance, LiveRun } from './state.ts'

const SIGKILL = 9

/** What one step works with: the time and chance of its event, and where its results go. */
export interface Step {
  readonly at: Moment
  readonly unit: number
  /** Numbers a new run. */
  newRun(): number
  want(...effects: readonly Effect[]): void
  tell(change: InstanceChange): void
}

/** Asks for a new run; `told` says why, when that is the end of the last one. */
export function start(
  instance: Instance,
  step: Step,
  told: Partial<InstanceChange> = {},
): Instance {
  const run = step.newRun()
  step.want({ type: 'spawn', run, instance: instance.name })
  return enter({ ...instance, live: { ...unborn, run } }, 'pending', step, told)
}

/** The run has a process. A stop that came meanwhile is carried out now. */
export function spawned(
  instance: Instance,
  spec: ProcessSpec,
  live: LiveRun,
  pid: number,
  step: Step,
): Instance {
  const born = { ...live, pid, spawnedAtWallMs: step.at.wallMs }
  return instance.isWanted
    ? enter({ ...instance, live: born }, 'starting', step)
    : askToEnd(instance, spec, born, step)
}

/** The run's command is executing; without a probe it is ready at once. */
export function executed(instance: Instance, live: LiveRun, step: Step): Instance {
  if (instance.phase !== 'starting') return instance
  const ready = { ...instance, wasReady: true, live: { ...live, readySinceMonoMs: step.at.monoMs } }
  return enter(ready, 'running', step)
}

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
  if (!instance.isWanted) return enter({ ...instance, live: null }, 'stopped', ctx)
  if (passingErrnos.has(errno)) {
    ctx.want(wake(instance, 'backoff', ctx.at.monoMs + spawnRetryMs))
    return enter({ ...instance, live: null }, 'pending', ctx, { run: live.run, refused })
  }
  return afterEnd(instance, spec, { ...live, refused, cause: 'exec-failed' }, ctx)
}

/** The main process ended: what is left of its tree is ended too, within what is left of the one grace. */
export function exited(
  instance: Instance,
  spec: ProcessSpec,
  live: LiveRun,
  status: ExitStatus,
  step: Step,
): Instance {
  const cause =
    live.cause ?? (status.signal !== 0 ? 'signal' : status.code === 0 ? 'completed' : 'error')
  const ended = { ...instance, live: { ...live, cause, end: { status, atMonoMs: step.at.monoMs } } }
  const signal = live.isKilled ? SIGKILL : spec.stopSignal
  step.want({ type: 'endTree', run: live.run, signal })
  if (instance.phase === 'stopping') return ended
  step.want(wake(instance, 'kill', step.at.monoMs + spec.graceMs))
  return enter(ended, 'stopping', step, toldOfEnd(ended.live))
}

/** Nothing of the run lives. */
export function emptied(
  instance: Instance,
  spec: ProcessSpec,
  live: LiveRun,
  step: Step,
): Instance {
  step.want(wake(instance, 'kill', null))
  return afterEnd(instance, spec, live, step)
}

/** The wait before a restart is over. */
export function backoffEnded(instance: Instance, step: Step): Instance {
  return instance.live === null && !isAtRest(instance) ? start(instance, step) : instance
}

/** The grace is over: SIGKILL to the main process, or to what it left. */
export function graceEnded(instance: Instance, step: Step): Instance {
  const { live } = instance
  if (instance.phase !== 'stopping' || !live || live.pid === null || live.isKilled) return instance
  const cause = live.cause === 'stop-requested' ? 'grace-exceeded' : live.cause
  step.want(
    wake(instance, 'kill', null),
    live.end === null
      ? { type: 'signal', run: live.run, signal: SIGKILL }
      : { type: 'endTree', run: live.run, signal: SIGKILL },
  )
  return { ...instance, live: { ...live, cause, isKilled: true } }
}

/** The instance is not wanted any more, whatever it is doing. */
export function stop(instance: Instance, spec: ProcessSpec, step: Step): Instance {
  const unwanted = { ...instance, isWanted: false }
  const { live } = instance
  if (instance.phase === 'stopping' || isAtRest(instance)) return unwanted
  if (live === null) {
    step.want(wake(instance, 'backoff', null))
    return enter(unwanted, 'stopped', step)
  }
  if (live.pid === null) {
    step.want({ type: 'cancelSpawn', run: live.run })
    return enter({ ...unwanted, live: { ...live, cause: 'stop-requested' } }, 'stopping', step)
  }
  return askToEnd(unwanted, spec, live, step)
}

/** True when nothing of the instance runs and nothing will. */
export function isAtRest(instance: Instance): boolean {
  return (
    instance.phase === 'stopped' || instance.phase === 'succeeded' || instance.phase === 'failed'
  )
}

const unborn: Omit<LiveRun, 'run'> = {
  pid: null,
  spawnedAtWallMs: null,
  readySinceMonoMs: null,
  refused: null,
  end: null,
  cause: null,
  isKilled: false,
}

/** What a kernel that is short of something answers: see fork(2), pipe(2). */
const passingErrnos: ReadonlySet<string> = new Set(['EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM'])
const spawnRetryMs = 500

function askToEnd(instance: Instance, spec: ProcessSpec, live: LiveRun, step: Step): Instance {
  step.want(
    { type: 'signal', run: live.run, signal: spec.stopSignal },
    wake(instance, 'kill', step.at.monoMs + spec.graceMs),
  )
  const asked = { ...live, cause: live.cause ?? 'stop-requested' }
  return enter({ ...instance, live: asked }, 'stopping', step)
}

/** The run is over: what its instance is from now on. */
function afterEnd(instance: Instance, spec: ProcessSpec, live: LiveRun, step: Step): Instance {
  const { cause } = live
  if (cause === null) throw new Error(`run ${live.run} of ${instance.name} ended without a cause`)
  const status = live.end?.status ?? null
  const over = { ...instance, live: null, last: { run: live.run, cause, status } }
  const told = { run: live.run, pid: live.pid, ...toldOfEnd(live) }
  if (!instance.isWanted) return enter(over, 'stopped', step, told)
  const isSuccess = cause === 'completed'
  if (spec.restartPolicy === 'Never' || (isSuccess && spec.restartPolicy === 'OnFailure')) {
    return enter(over, isSuccess ? 'succeeded' : 'failed', step, told)
  }
  const failures = isStable(live, spec) ? 1 : instance.failures + 1
  const again = { ...over, failures, restarts: instance.restarts + 1 }
  const delayMs = backoffMs(failures, spec.backoff, step.unit)
  if (delayMs === 0) return start(again, step, { ...told, delayMs })
  step.want(wake(instance, 'backoff', step.at.monoMs + delayMs))
  return enter(again, 'backoff', step, { ...told, delayMs })
}

function toldOfEnd({ cause, end, refused }: LiveRun): Partial<InstanceChange> {
  return {
    ...(cause && { cause }),
    ...(end && { status: end.status }),
    ...(refused && { refused }),
  }
}

function isStable(live: LiveRun, spec: ProcessSpec): boolean {
  return (
    live.readySinceMonoMs !== null &&
    live.end !== null &&
    live.end.atMonoMs - live.readySinceMonoMs >= spec.backoff.resetAfterMs
  )
}

function enter(
  instance: Instance,
  phase: Phase,
  step: Step,
  told: Partial<InstanceChange> = {},
): Instance {
  if (phase === instance.phase && told.refused === undefined) return instance
  step.tell({
    type: 'instance',
    process: instance.process,
    instance: instance.name,
    run: instance.live?.run ?? instance.last?.run ?? 0,
    pid: instance.live?.pid ?? null,
    phase,
    previous: instance.phase,
    ...told,
  })
  return { ...instance, phase }
}

function wake(instance: Instance, purpose: 'backoff' | 'kill', atMonoMs: number | null): Effect {
  const key: DeadlineKey = `${instance.name}/${purpose}`
  return { type: 'wake', key, atMonoMs }
}
