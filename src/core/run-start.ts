import type { ProcessSpec } from '../plan/process-spec.ts'
import type { InstanceChange } from './changes.ts'
import type { Instance, LiveRun } from './instance-state.ts'
import { silent } from './notices.ts'
import { awaitConnection } from './on-demand.ts'
import { enter, isAtRest, type Step, wake } from './step.ts'

/** The first start, at once or after its delay. */
export function begin(instance: Instance, spec: ProcessSpec, step: Step): Instance {
  if (!instance.isWanted) return instance
  if (spec.startDelayMs === 0) return start(instance, spec, step)
  step.want(wake(instance, 'start', step.at.monoMs + spec.startDelayMs))
  return instance
}

/** Launches a run, or waits where what it depends on is not there, or the connection that it is for; `told` says why, when that is the end of the last run. */
export function start(
  instance: Instance,
  spec: ProcessSpec,
  step: Step,
  told: Partial<InstanceChange> = {},
): Instance {
  const reason = step.waitOf(instance, spec)
  // Who connects is served from now on.
  const known = spec.isOnDemand ? { ...instance, wasReady: true } : instance
  if (reason === null) return proceed(known, spec, step, told)
  const waiting = { ...known, isWaiting: true, awaited: null }
  return enter(waiting, 'pending', step, { ...told, reason })
}

/** What it depends on is there. */
export function proceed(
  instance: Instance,
  spec: ProcessSpec,
  step: Step,
  told: Partial<InstanceChange> = {},
): Instance {
  const isCalled = !spec.isOnDemand || instance.awaited === 'connection'
  return isCalled ? launch(instance, spec, step, told) : awaitConnection(instance, spec, step, told)
}

/** Asks for a new run: there is nothing to wait for. */
function launch(
  instance: Instance,
  spec: ProcessSpec,
  step: Step,
  told: Partial<InstanceChange>,
): Instance {
  const run = step.newRun()
  step.want({ type: 'spawn', run, number: instance.number, spec })
  const idle = { ...instance, isWaiting: false, awaited: null }
  // The number first, see plan/to-instance.ts.
  const queued = { ...idle, live: { run, ...unborn } }
  return enter(queued, 'pending', step, told)
}

/** The wait before a start is over. */
export function waitEnded(instance: Instance, spec: ProcessSpec, step: Step): Instance {
  const { live, isWaiting, awaited } = instance
  if (awaited !== null) return { ...instance, awaited: 'connection' }
  const isDue = live === null && !isWaiting && !isAtRest(instance)
  return isDue ? start(instance, spec, step) : instance
}

/** True for what the kernel lacks just now; `refused` begins with the errno. */
export function isPassing(refused: string): boolean {
  return passingErrnos.has(refused.split(' ', 1)[0] ?? '')
}

/** Nothing has run, so nothing has failed. */
export function tryAgain(instance: Instance, run: number, refused: string, step: Step): Instance {
  step.want(wake(instance, 'start', step.at.monoMs + spawnRetryMs))
  const isTold = instance.phase === 'pending' && refused === instance.putOff
  const told = isTold ? {} : { run, refused }
  return enter({ ...instance, live: null, putOff: refused }, 'pending', step, told)
}

const unborn: Omit<LiveRun, 'run'> = {
  pid: null,
  spawnedAtWallMs: null,
  executedMonoMs: null,
  readySinceMonoMs: null,
  wasStable: false,
  age: 'unlimited',
  probes: {},
  said: silent,
  limit: null,
  hook: null,
  refused: null,
  end: null,
  cause: null,
  killAtMonoMs: null,
  isKilled: false,
  isRestartAsked: false,
}

/** What a kernel that is short of something answers: see fork(2), pipe(2), execve(2). */
const passingErrnos: ReadonlySet<string> = new Set(['EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM'])

const spawnRetryMs = 500
