import type { ProcessSpec } from '../plan/process-spec.ts'
import type { HookChange, InstanceChange, NoticeChange, Phase, ProbeChange } from './changes.ts'
import type { Effect } from './effects.ts'
import type { DeadlineKey, Moment } from './events.ts'
import type { Instance } from './instance-state.ts'

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
  /** The same of a time that the process asks for itself, which is no more than a shutdown has. */
  extensionMs(own: Pick<ProcessSpec, 'name' | 'graceMs'>): number
  want(...effects: readonly Effect[]): void
  tell(change: InstanceChange | ProbeChange | NoticeChange | HookChange): void
}

/** True when nothing of the instance runs and nothing will. */
export function isAtRest({ phase }: Instance): boolean {
  return phase === 'stopped' || phase === 'succeeded' || phase === 'failed'
}

/** True when it has ended by itself. */
export function isDone({ phase }: Instance): boolean {
  return phase === 'succeeded' || phase === 'failed'
}

/** True for what leaves and has ended. */
export function isGone(instance: Instance): boolean {
  return instance.isLeaving && isAtRest(instance)
}

/** True for what has a process that goes on until the turn of its stop. */
export function isToBeStopped({ live, phase }: Instance): boolean {
  return live !== null && live.pid !== null && phase !== 'stopping'
}

/** True for what has a process, or left one, that ends and has not got SIGKILL. */
export function isToBeKilled({ live, phase }: Instance): boolean {
  return live !== null && live.pid !== null && phase === 'stopping' && !live.isKilled
}

/** Where an instance that is not wanted ends. */
export function restPhase({ isGivenUp }: Instance): Phase {
  return isGivenUp ? 'failed' : 'stopped'
}

/** The instance is in `phase` from now on, which is told once; `told` says more of it. */
export function enter(
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

/** The one deadline that an instance has for `purpose`; null: none. */
export function wake(
  instance: Instance,
  purpose: 'start' | 'kill' | 'age' | 'notify' | 'status',
  atMonoMs: number | null,
): Effect {
  const key: DeadlineKey = `${instance.name}/${purpose}`
  return { type: 'wake', key, atMonoMs }
}
