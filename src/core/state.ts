import type { FixedSettings } from '../plan/diff.ts'
import type { Addresses, GroupSpec, Origin, ShutdownSpec, SignalRule } from '../plan/plan.ts'
import type { ProcessSpec } from '../plan/process-spec.ts'
import type { RolloutReason, RolloutResult, SupervisorPhase, Withdrawn } from './changes.ts'
import type { Instance } from './instance-state.ts'

/** All that the core knows, as plain data: it survives a round trip through JSON. */
export interface State {
  readonly phase: SupervisorPhase
  /** What a plan that is applied does not change. */
  readonly fixed: FixedSettings
  /** Where Ringmaster itself is to be reached. */
  readonly addresses: Addresses
  readonly shutdown: ShutdownSpec
  readonly signals: Readonly<Record<number, SignalRule>>
  /** As they are to be. */
  readonly processes: readonly ProcessSpec[]
  /** Of each process, in the same order. */
  readonly courses: readonly Course[]
  readonly groups: readonly Group[]
  /** In the order of the processes, and then of their numbers. */
  readonly instances: readonly Instance[]
  /** The number that the next spawn gets. */
  readonly nextRun: number
  /** Exit code for the first instance that failed. */
  readonly firstFailureCode: number | null
  /** Not ready, because somebody wants it so. */
  readonly withdrawal: Withdrawal | null
  readonly ending: Ending | null
  /** When a stop may have its turn though what comes before it has not ended. */
  readonly turnAtMonoMs: number | null
  /** Processes whose sockets are watched, and which these are. */
  readonly watched: Readonly<Record<string, readonly string[]>>
  /** Runs whose output is not read to its end. */
  readonly openOutputs: readonly number[]
  /** What was applied last. */
  readonly config: Applied
  /** The files of the start are being read; `again`: and are to be read once more after that. */
  readonly reading: 'no' | 'once' | 'again'
}

/** The configuration in force: where it came from, when, and who wanted it. */
export interface Applied {
  readonly origin: Origin
  readonly atWallMs: number
  readonly by: string
}

/** What is wanted of a process as a whole, and how it came to that. */
export interface Course {
  readonly process: string
  /** An instance that is made now is started. */
  readonly isWanted: boolean
  /** The plan has it no more: it is stopped, and then it is gone. */
  readonly isRemoved: boolean
  /** Number of the revision that its instances are to have. */
  readonly revision: number
  /** Instances of an older epoch are replaced, though they may have that revision. */
  readonly epoch: number
  /** Bounded: the oldest that nobody needs goes first. The last one was wanted last. */
  readonly revisions: readonly Revision[]
  readonly nextRevision: number
  /** Nothing is replaced before somebody says so. */
  readonly isPaused: boolean
  readonly rollout: Rollout | null
  /** How the last rollout ended. */
  readonly outcome: Outcome | null
}

/** What is remembered of a process from one start to the next. */
export type Past = Pick<Course, 'process' | 'revisions' | 'nextRevision'>

/** What a process was, is or was to be. */
export interface Revision {
  readonly number: number
  /** Its replicas are those that it had. */
  readonly spec: ProcessSpec
  /** When it was wanted last, and by whom. */
  readonly atWallMs: number
  readonly by: string
  /** Names of fields that differ from what was wanted before. */
  readonly changes: readonly string[]
  /** A rollout of it has completed, or needed none: its instances may fail Ringmaster. */
  readonly isGood: boolean
}

/** Instances are replaced. */
export interface Rollout {
  readonly reason: RolloutReason
  readonly beganWallMs: number
  /** What it goes back to when it fails: a revision, in an epoch; null: nothing. */
  readonly from: { readonly revision: number; readonly epoch: number } | null
  /** When it last came on. */
  readonly progressMonoMs: number
  /** New instances that counted then. */
  readonly available: number
  /** The deadline that is set for it. */
  readonly wakeAtMonoMs: number | null
}

export interface Outcome {
  readonly revision: number
  readonly result: RolloutResult
  /** Why it failed. */
  readonly reason: string | null
}

/** How a group stands. */
export interface Group {
  readonly spec: GroupSpec
  /** When one of it was restarted of late, as far as that counts. */
  readonly recentRestartsMonoMs: readonly number[]
  /** Names of the instances that are restarted together, in the order of their start: none starts before all of them have ended. */
  readonly restarting: readonly string[]
  /** There were too many restarts: all of it ends. */
  readonly isFailed: boolean
}

export interface Withdrawal extends Withdrawn {
  readonly sinceMonoMs: number
  /** The end of a drain; in maintenance the same as the beginning. */
  readonly untilMonoMs: number
}

/** A shutdown. */
export interface Ending {
  /** What began it, and so the code that it ends with. */
  readonly reason: string
  readonly code: number
  readonly beganMonoMs: number
  /** An INT or QUIT came; another one forces. */
  readonly isInterrupted: boolean
  /** Nothing is waited for any more. */
  readonly isForced: boolean
  /** It has outlived its budget. */
  readonly isOverdue: boolean
  /** Nothing lives below Ringmaster. */
  readonly isSwept: boolean
}
