import type { ExitStatus } from '../lib/exit-codes.ts'
import type { PlanDiff } from '../plan/diff.ts'
import type { HookName, ProbeName } from '../plan/instance-spec.ts'
import type { HookResult, Moment, ProbeResult } from './events.ts'

export type Phase =
  | 'pending'
  | 'starting'
  | 'running'
  | 'backoff'
  | 'stopping'
  | 'stopped'
  | 'succeeded'
  | 'failed'

/** The first thing that ended a run. */
export type Cause =
  | 'completed'
  | 'error'
  | 'signal'
  | 'oom-killed'
  | 'heap-limit'
  | 'exec-failed'
  | 'startup-failed'
  | 'liveness-failed'
  | 'watchdog'
  | 'memory-limit'
  | 'max-age'
  | 'stop-requested'
  | 'grace-exceeded'

/** What a step changed, in order; log and metrics are made from it alone. */
export type Change = (Told | ErrorChange) & { readonly at: Moment }

/** A change whose time is that of the step. */
export type Told =
  | InstanceChange
  | ProbeChange
  | NoticeChange
  | HookChange
  | DepartureChange
  | ScaleChange
  | RolloutChange
  | SupervisorChange
  | WithdrawalChange
  | CommandChange
  | ConfigChange

/** An instance entered `phase`. */
export interface InstanceChange {
  readonly type: 'instance'
  readonly process: string
  readonly instance: string
  /** Number of the run; of the last one in phases that have none. */
  readonly run: number
  readonly pid: number | null
  readonly phase: Phase
  readonly previous: Phase
  /** It is ready from now on; absent where that is for its readiness probe to say. */
  readonly isReady?: true
  /** Set when the change is due to the end of a run, or of its main process. */
  readonly cause?: Cause
  readonly status?: ExitStatus
  /** SIGKILL was needed, to the main process or to what it left. */
  readonly killed?: boolean
  /** `ENOENT exec`: what the kernel refused. */
  readonly refused?: string
  /** Wait before the restart, in ms. */
  readonly delayMs?: number
  /** More than its cause says of an end, or why Ringmaster ends it; why it is not started again, where its restart policy is not the reason; or what its start waits for. */
  readonly reason?: string
}

/** A try of a probe ended. */
export interface ProbeChange extends ProbeResult {
  readonly type: 'probe'
  readonly process: string
  readonly instance: string
  readonly run: number
  readonly probe: ProbeName
  /** Failures in a row, and how many there may be; absent where it succeeded, where a failure does not count, and when there were as many before. */
  readonly failures?: number
  readonly failureThreshold?: number
  /** What the instance is from now on; absent where this has not changed. */
  readonly isReady?: boolean
}

/** A run has said something new of itself. */
export interface NoticeChange {
  readonly type: 'notice'
  readonly process: string
  readonly instance: string
  readonly run: number
  /** In its own words; not each one is told of many within a second. */
  readonly status?: string
  /** What the instance is from now on, by its word. */
  readonly isReady?: boolean
  /** That word: `RELOADING=1`. */
  readonly detail?: string
}

/** A hook ended, or was not in time. */
export interface HookChange extends HookResult {
  readonly type: 'hook'
  readonly process: string
  readonly instance: string
  readonly run: number
  readonly hook: HookName
}

/** An instance is no more, because there are to be fewer. */
export interface DepartureChange {
  readonly type: 'departure'
  readonly process: string
  readonly instance: string
}

/** There are to be so many instances of a process from now on. */
export interface ScaleChange {
  readonly type: 'scale'
  readonly process: string
  readonly replicas: number
  readonly previous: number
  readonly by?: string
}

export interface SupervisorChange {
  readonly type: 'supervisor'
  readonly phase: SupervisorPhase
  readonly reason: string
  readonly code: number
}

/** `draining`: not ready, and everything still runs. `sweeping`: every run is over, and what belongs to none is ended. */
export type SupervisorPhase = 'running' | 'draining' | 'stopping' | 'sweeping' | 'ended'

/** Ringmaster is not ready because somebody wants it so, or (null) is no longer. */
export interface WithdrawalChange {
  readonly type: 'withdrawal'
  readonly withdrawn: Withdrawn | null
  /** Who asked for it; absent where a time is over. */
  readonly by?: string
}

export interface Withdrawn {
  readonly for: 'drain' | 'maintenance'
  /** The time of the drain is over. */
  readonly isDrained: boolean
}

/** Somebody asked for something; what comes of it follows. */
export interface CommandChange {
  readonly type: 'command'
  readonly command: 'start' | 'stop' | 'restart' | 'send'
  readonly instances: readonly string[]
  readonly by: string
  /** Of `send`. */
  readonly signal?: number
}

/** Something has become of a rollout. */
export interface RolloutChange {
  readonly type: 'rollout'
  readonly process: string
  readonly revision: number
  readonly state: 'started' | 'paused' | 'resumed' | RolloutResult
  /** Why it was started, or has failed: `web.2 failed`. */
  readonly reason: string
}

/** `return`: by itself, to the last good revision. */
export type RolloutReason = 'apply' | 'undo' | 'restart' | 'return'

/** `superseded`: something else is wanted. `returned`: the last good revision is there again. */
export type RolloutResult = 'completed' | 'failed' | 'superseded' | 'returned'

/** A plan is applied, or could not be read. */
export interface ConfigChange {
  readonly type: 'config'
  /** Why nothing changes; null: `diff` does. */
  readonly problem: string | null
  readonly diff: PlanDiff | null
  readonly by: string
  /** The files that it was read from, and those of the configuration that it replaces; none: a command line. Absent where nothing was read. */
  readonly files?: readonly string[]
  readonly previous?: readonly string[]
}

/** An error that nobody expected, in the supervisor itself; it goes on. */
export interface ErrorChange {
  readonly type: 'internalError'
  readonly message: string
}
