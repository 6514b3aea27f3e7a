import type { ExitStatus } from '../lib/exit-codes.ts'
import type { HookName, ProbeName, ProbeSpec, ProcessSpec } from '../plan/plan.ts'
import { backoffMs } from './backoff.ts'
import { ask, boundPreStop, dismiss, hasPreStop, take } from './hooks.ts'
import { describeExcess } from './memory.ts'
import type {
  Cause,
  Clue,
  DeadlineKey,
  Effect,
  HookChange,
  HookResult,
  InstanceChange,
  Moment,
  Phase,
  ProbeChange,
  ProbeResult,
} from './messages.ts'
import { beginProbing, describeProblem, hasFailed, judge } from './probing.ts'
import { allowsRestart, recentRestarts } from './restart-limit.ts'
import type { Instance, LiveRun, ProbeState } from './state.ts'

const SIGKILL = 9

/** What one step works with: the time and chance of its event, and where its results go. */
export interface Step {
  readonly at: Moment
  readonly unit: number
  /** A shutdown waits for nothing any more. */
  readonly isForced: boolean
  /** Numbers a new run. */
  newRun(): number
  /** What a start has to wait for; null: nothing. */
  waitOf(instance: Instance, spec: ProcessSpec): string | null
  /** Tells the group of an instance that it is about to be restarted; why it is not, when that is too much for the group. */
  restartsInGroup(instance: Instance): string | null
  /** What a stop that begins now gets of its own time from the stop signal to SIGKILL. */
  graceMs(own: Pick<ProcessSpec, 'name' | 'graceMs'>): number
  want(...effects: readonly Effect[]): void
  tell(change: InstanceChange | ProbeChange | HookChange): void
}

/** The first start, at once or after its delay. */
export function begin(instance: Instance, spec: ProcessSpec, step: Step): Instance {
  if (!instance.isWanted) return instance
  if (spec.startDelayMs === 0) return start(instance, spec, step)
  step.want(wake(instance, 'start', step.at.monoMs + spec.startDelayMs))
  return instance
}

/** Launches a run, or waits where what it depends on is not there; `told` says why, when that is the end of the last run. */
export function start(
  instance: Instance,
  spec: ProcessSpec,
  step: Step,
  told: Partial<InstanceChange> = {},
): Instance {
  const reason = step.waitOf(instance, spec)
  return reason === null
    ? launch(instance, step, told)
    : enter({ ...instance, isWaiting: true }, 'pending', step, { ...told, reason })
}

/** Asks for a new run: there is nothing to wait for. */
export function launch(
  instance: Instance,
  step: Step,
  told: Partial<InstanceChange> = {},
): Instance {
  const run = step.newRun()
  step.want({ type: 'spawn', run, instance: instance.name })
  const queued = { ...instance, isWaiting: false, live: { ...unborn, run } }
  return enter(queued, 'pending', step, told)
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
  return live.cause === null
    ? enter({ ...instance, live: born }, 'starting', step)
    : askToEnd(instance, spec, born, step)
}

/** The run's command is executing; without a postStart hook and a startup probe it runs. */
export function executed(
  instance: Instance,
  spec: ProcessSpec,
  live: LiveRun,
  step: Step,
): Instance {
  if (instance.phase !== 'starting') return instance
  const born = beginAge(instance, spec, { ...live, executedMonoMs: step.at.monoMs }, step)
  const executing = { ...instance, putOff: null, live: born }
  if (!spec.hooks.includes('postStart')) return startUp(executing, spec, born, step)
  return instance.isWanted ? { ...executing, live: ask(born, 'postStart', step) } : executing
}

/** A hook has ended: after postStart the start goes on, or the run is ended; after preStop the stop signal follows. */
export function answered(
  instance: Instance,
  spec: ProcessSpec,
  live: LiveRun,
  { hook, ...result }: HookResult & { readonly hook: HookName },
  step: Step,
): Instance {
  if (live.hook !== hook) return instance
  const done = take(instance, live, hook, result, step)
  if (hook === 'preStop') {
    sendStop(live.run, spec, step)
    return { ...instance, live: done }
  }
  if (result.isOk) return startUp(instance, spec, done, step)
  const reason = `postStart: ${result.detail}`
  return askToEnd(instance, spec, done, step, { cause: 'startup-failed', reason })
}

/** The time of a preStop hook is over: the stop signal does not wait for it. */
export function hookTimeEnded(instance: Instance, spec: ProcessSpec, step: Step): Instance {
  const { live } = instance
  if (live?.hook !== 'preStop') return instance
  step.want({ type: 'dismiss', run: live.run, hook: 'preStop' })
  const done = take(instance, live, 'preStop', null, step)
  sendStop(live.run, spec, step)
  return { ...instance, live: done }
}

/** A try of a probe has ended: the next one follows, or what the results so far lead to. */
export function probed(
  instance: Instance,
  spec: ProcessSpec,
  live: LiveRun,
  { probe: name, isOk, detail, durationMs, output }: ProbeResult & { readonly probe: ProbeName },
  step: Step,
): Instance {
  const [before, probeSpec] = [live.probes[name], spec.probes[name]]
  if (!before || !probeSpec) return instance
  const state = judge(before, probeSpec, { isOk, detail }, step.at.monoMs, step.unit)
  const known = { ...live, probes: { ...live.probes, [name]: state } }
  const isTurned = name === 'readiness' && state.isPassing !== before.isPassing
  const isReady = isTurned && instance.phase === 'running' ? state.isPassing : undefined
  step.tell({
    type: 'probe',
    process: spec.name,
    instance: instance.name,
    run: live.run,
    probe: name,
    isOk,
    detail,
    durationMs,
    ...(output !== undefined && { output }),
    ...(isOk === false &&
      state.last === 'failure' && {
        ...{ failures: state.row, failureThreshold: probeSpec.failureThreshold },
      }),
    ...(isReady !== undefined && { isReady }),
  })
  if (name !== 'readiness' && hasFailed(state, probeSpec)) {
    const reason = describeProblem(name, state, probeSpec)
    return endByProbe(instance, spec, without(known, name), name, reason, step)
  }
  if (name === 'startup' && state.isPassing) {
    return runs(instance, spec, without(known, name), step)
  }
  step.want(tryOf(live.run, name, state, probeSpec))
  if (isReady === undefined) return { ...instance, live: known }
  return isReady ? becomeReady(instance, known, step) : becomeUnready(instance, spec, known, step)
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
  const ended: LiveRun = {
    ...forgetAge(instance, restProbes(dismiss(instance, live, step), probeNames, step), step),
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

/** The wait before a start is over. */
export function waitEnded(instance: Instance, spec: ProcessSpec, step: Step): Instance {
  const isDue = instance.live === null && !instance.isWaiting && !isAtRest(instance)
  return isDue ? start(instance, spec, step) : instance
}

/** The grace is over: SIGKILL to the main process, or to what it left. */
export function graceEnded(instance: Instance, spec: ProcessSpec, step: Step): Instance {
  const { live } = instance
  if (instance.phase !== 'stopping' || !live || live.pid === null || live.isKilled) return instance
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
  const unwanted = { ...instance, isWanted: false, isWaiting: false }
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
  const live = instance.live && restProbes(dismiss(instance, instance.live, step), restarting, step)
  return { ...instance, isWanted: false, live }
}

/** What the run has in memory is too much: it is ended, for another one. */
export function overMemoryLimit(
  instance: Instance,
  spec: ProcessSpec,
  live: LiveRun,
  bytes: number,
  step: Step,
): Instance {
  const isExecuting = live.executedMonoMs !== null && instance.phase !== 'stopping'
  if (spec.memoryLimitBytes === null || !isExecuting || !instance.isWanted) return instance
  const reason = describeExcess(bytes, spec.memoryLimitBytes)
  return askToEnd(instance, spec, live, step, { cause: 'memory-limit', reason })
}

/** The run has lived for its time. */
export function grownOld(instance: Instance): Instance {
  const { live } = instance
  return live?.age === 'young' ? { ...instance, live: { ...live, age: 'old' } } : instance
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

/** True when nothing of the instance runs and nothing will. */
export function isAtRest({ phase }: Instance): boolean {
  return phase === 'stopped' || phase === 'succeeded' || phase === 'failed'
}

const unborn: Omit<LiveRun, 'run'> = {
  pid: null,
  spawnedAtWallMs: null,
  executedMonoMs: null,
  readySinceMonoMs: null,
  wasStable: false,
  age: 'unlimited',
  probes: {},
  hook: null,
  refused: null,
  end: null,
  cause: null,
  killAtMonoMs: null,
  isKilled: false,
}

/** What a kernel that is short of something answers: see fork(2), pipe(2), execve(2). */
const passingErrnos: ReadonlySet<string> = new Set(['EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM'])
const spawnRetryMs = 500

/** `refused` begins with the errno. */
function isPassing(refused: string): boolean {
  return passingErrnos.has(refused.split(' ', 1)[0] ?? '')
}

/** Nothing has run, so nothing has failed. */
function tryAgain(instance: Instance, run: number, refused: string, step: Step): Instance {
  step.want(wake(instance, 'start', step.at.monoMs + spawnRetryMs))
  const isTold = instance.phase === 'pending' && refused === instance.putOff
  const told = isTold ? {} : { run, refused }
  return enter({ ...instance, live: null, putOff: refused }, 'pending', step, told)
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

function askToEnd(
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
  const resting = forgetAge(instance, restProbes(alone, restarting, step), step)
  const asked = { ...resting, cause, killAtMonoMs }
  const hasHook = !step.isForced && hasPreStop(spec, asked, ownMs)
  if (hasHook) boundPreStop(instance, ownMs, step)
  else sendStop(live.run, spec, step)
  step.want(wake(instance, 'kill', killAtMonoMs))
  const stopping = { ...instance, live: hasHook ? ask(asked, 'preStop', step) : asked }
  return enter(stopping, 'stopping', step, told)
}

/** The stop signal, to whom the kill mode says. */
function sendStop(run: number, { killMode, stopSignal }: ProcessSpec, step: Step): void {
  const to = killMode === 'group' ? 'group' : 'process'
  step.want({ type: 'signal', run, signal: stopSignal, to })
}

/** Why Ringmaster asks a run to end that is wanted. */
interface AskedFor {
  readonly cause?: Cause
  readonly reason?: string
  readonly graceMs?: number
}

function endByProbe(
  instance: Instance,
  spec: ProcessSpec,
  live: LiveRun,
  name: 'startup' | 'liveness',
  reason: string,
  step: Step,
): Instance {
  const graceMs = spec.probes[name]?.graceMs ?? spec.graceMs
  return askToEnd(instance, spec, live, step, { cause: `${name}-failed`, reason, graceMs })
}

/** Nothing but its startup probe keeps it from running. */
function startUp(instance: Instance, spec: ProcessSpec, live: LiveRun, step: Step): Instance {
  return spec.probes.startup
    ? probe(instance, spec, live, 'startup', step)
    : runs(instance, spec, live, step)
}

/** The run has started; without a readiness probe it is ready. */
function runs(instance: Instance, spec: ProcessSpec, live: LiveRun, step: Step): Instance {
  const told = spec.probes.readiness ? {} : { isReady: true as const }
  const running = enter({ ...instance, live }, 'running', step, told)
  const watched = probe(running, spec, live, 'liveness', step)
  return spec.probes.readiness
    ? probe(watched, spec, watched.live ?? live, 'readiness', step)
    : becomeReady(watched, watched.live ?? live, step)
}

function becomeReady(instance: Instance, live: LiveRun, step: Step): Instance {
  return { ...instance, wasReady: true, live: { ...live, readySinceMonoMs: step.at.monoMs } }
}

function becomeUnready(instance: Instance, spec: ProcessSpec, live: LiveRun, step: Step): Instance {
  const wasStable = live.wasStable || wasReadyLongEnough(live, spec, step.at.monoMs)
  return { ...instance, live: { ...live, wasStable, readySinceMonoMs: null } }
}

const probeNames: readonly ProbeName[] = ['startup', 'readiness', 'liveness']
/** Those that rest from the begin of a stop. */
const restarting: readonly ProbeName[] = ['startup', 'liveness']

/** Begins with a probe, if there is one. */
function probe(
  instance: Instance,
  spec: ProcessSpec,
  live: LiveRun,
  name: ProbeName,
  step: Step,
): Instance {
  const probeSpec = spec.probes[name]
  const isResting = !instance.isWanted && restarting.includes(name)
  if (!probeSpec || isResting) return { ...instance, live }
  const { monoMs } = step.at
  const state = beginProbing(name, probeSpec, live.executedMonoMs ?? monoMs, monoMs, step.unit)
  step.want(tryOf(live.run, name, state, probeSpec))
  return { ...instance, live: { ...live, probes: { ...live.probes, [name]: state } } }
}

function tryOf(
  run: number,
  name: ProbeName,
  { atMonoMs }: ProbeState,
  { timeoutMs }: ProbeSpec,
): Effect {
  return { type: 'probe', run, probe: name, atMonoMs, timeoutMs }
}

/** A run of a process with a greatest age is young from now on. */
function beginAge(instance: Instance, spec: ProcessSpec, live: LiveRun, step: Step): LiveRun {
  if (spec.maxAgeMs === null) return live
  const ageMs = spec.maxAgeMs + step.unit * spec.maxAgeJitterMs
  step.want(wake(instance, 'age', step.at.monoMs + ageMs))
  return { ...live, age: 'young' }
}

/** What ends does not grow older. */
function forgetAge(instance: Instance, live: LiveRun, step: Step): LiveRun {
  if (live.age === 'young') step.want(wake(instance, 'age', null))
  return { ...live, age: 'unlimited' }
}

/** Those of `names` that are tried are tried no more. */
function restProbes(live: LiveRun, names: readonly ProbeName[], step: Step): LiveRun {
  let resting = live
  for (const name of names) {
    if (live.probes[name] === undefined) continue
    step.want({ type: 'stopProbe', run: live.run, probe: name })
    resting = without(resting, name)
  }
  return resting
}

function without(live: LiveRun, name: ProbeName): LiveRun {
  const { [name]: _, ...probes } = live.probes
  return { ...live, probes }
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
  if (cause === 'stop-requested' || cause === 'grace-exceeded') {
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
  if (live.cause !== null && watched.has(live.cause)) {
    // It may have been ready for long: between two tries of a probe, and while it grows, it always is.
    const lastedMs = atMonoMs - (live.executedMonoMs ?? atMonoMs)
    return lastedMs >= (spec.restartLimit?.withinMs ?? longRunMs)
  }
  return live.wasStable || wasReadyLongEnough(live, spec, atMonoMs)
}

/** Ends of runs that were found to be wrong some time after they were. */
const watched: ReadonlySet<Cause> = new Set(['startup-failed', 'liveness-failed', 'memory-limit'])

/** What such a run must have lasted, where no restart limit says it. */
const longRunMs = 600_000

function wasReadyLongEnough(
  { readySinceMonoMs }: LiveRun,
  { backoff }: ProcessSpec,
  monoMs: number,
): boolean {
  return readySinceMonoMs !== null && monoMs - readySinceMonoMs >= backoff.resetAfterMs
}

/** Where an instance that is not wanted ends. */
function restPhase({ isGivenUp }: Instance): Phase {
  return isGivenUp ? 'failed' : 'stopped'
}

function enter(
  instance: Instance,
  phase: Phase,
  step: Step,
  told: Partial<InstanceChange> = {},
): Instance {
  const isNews = told.refused !== undefined || told.reason !== undefined
  if (phase === instance.phase && !isNews) return instance
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

function wake(
  instance: Instance,
  purpose: 'start' | 'kill' | 'age',
  atMonoMs: number | null,
): Effect {
  const key: DeadlineKey = `${instance.name}/${purpose}`
  return { type: 'wake', key, atMonoMs }
}
