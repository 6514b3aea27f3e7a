import type { ExitStatus } from '../lib/exit-codes.ts'
import type { FixedSettings } from '../plan/diff.ts'
import { startedAtOnce } from '../plan/order.ts'
import type {
  GroupSpec,
  HookName,
  Plan,
  ProbeName,
  ProcessSpec,
  ShutdownSpec,
  SignalRule,
} from '../plan/plan.ts'
import { instanceName } from '../plan/to-instance.ts'
import type {
  Cause,
  Phase,
  RolloutReason,
  RolloutResult,
  SupervisorPhase,
  Withdrawn,
} from './changes.ts'

/** All that the core knows, as plain data: it survives a round trip through JSON. */
export interface State {
  readonly phase: SupervisorPhase
  /** What a plan that is applied does not change. */
  readonly fixed: FixedSettings
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
  /** The files of the start are being read; `again`: and are to be read once more after that. */
  readonly reading: 'no' | 'once' | 'again'
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

/** One numbered replica: what is wanted of it, what it is, and how its past runs went. */
export interface Instance {
  readonly name: string
  readonly process: string
  readonly number: number
  /** The spec that it has. */
  readonly revision: number
  readonly epoch: number
  readonly isWanted: boolean
  /** There are to be fewer instances: it is stopped, and then there is none of its name. */
  readonly isLeaving: boolean
  readonly phase: Phase
  /** Its start waits for what it depends on. */
  readonly isWaiting: boolean
  /** Its start waits for a connection, or before that for some time to pass since the last one. */
  readonly awaited: 'connection' | 'pause' | null
  /** From the wish to spawn until nothing of the tree lives. */
  readonly live: LiveRun | null
  /** Runs that failed in a row; the end of a stable run sets it to 1. */
  readonly failures: number
  readonly restarts: number
  /** When it was restarted of late: what its restart limit counts. */
  readonly recentRestartsMonoMs: readonly number[]
  readonly wasReady: boolean
  /** It ends as failed: a mistake in here has hit it, or its group has failed. */
  readonly isGivenUp: boolean
  /** What the kernel refused at the last try, where that is tried again; null once a command is executing. */
  readonly putOff: string | null
  readonly last: EndedRun | null
}

export interface LiveRun {
  readonly run: number
  /** null until it is spawned. */
  readonly pid: number | null
  readonly spawnedAtWallMs: number | null
  /** When its command was executed. */
  readonly executedMonoMs: number | null
  /** null while it is not ready. */
  readonly readySinceMonoMs: number | null
  /** It was ready for long enough before it became unready. */
  readonly wasStable: boolean
  /** Whether it is too old; `unlimited` also when it is not executing yet, or ends. */
  readonly age: 'unlimited' | 'young' | 'old'
  /** Those that are tried. */
  readonly probes: Readonly<Partial<Record<ProbeName, ProbeState>>>
  /** What it has said of itself. */
  readonly said: Said
  /** By when it has to say something, for the sake of a probe. */
  readonly limit: Limit | null
  /** The one that is awaited. */
  readonly hook: HookName | null
  /** The step that failed before the command ran: `ENOENT exec`. */
  readonly refused: string | null
  /** Set when the main process has ended. */
  readonly end: { readonly status: ExitStatus; readonly atMonoMs: number } | null
  /** The first thing that ended it, written once; only SIGKILL turns `stop-requested` into `grace-exceeded`. */
  readonly cause: Cause | null
  /** The end of its grace, once that has begun; when it got SIGKILL, once it has. */
  readonly killAtMonoMs: number | null
  readonly isKilled: boolean
  /** While it was ending somebody asked for another one: that comes whatever its end says. */
  readonly isRestartAsked: boolean
}

/** What is known of a probe; what it means is in `core/probing.ts`. */
export interface ProbeState {
  /** When it could be tried first. */
  readonly sinceMonoMs: number
  /** When the try that is awaited begins, or began. */
  readonly atMonoMs: number
  /** Which of the early tries that is, whose failure does not count; null: none, and there are no more. */
  readonly early: number | null
  /** What the results say. */
  readonly isPassing: boolean
  /** How the last try that counts ended, and how many in a row ended so, up to the threshold. */
  readonly last: 'success' | 'failure' | null
  readonly row: number
  /** What the last try said, if it failed. */
  readonly detail: string | null
}

/** What a run has said by sd_notify(3); what it means is in `core/notices.ts`. */
export interface Said {
  /** The last that it said of it. */
  readonly state: 'ready' | 'reloading' | 'stopping' | null
  readonly status: string | null
  /** Its status as it was told last, and when. */
  readonly told: { readonly status: string; readonly atMonoMs: number } | null
  /** When another one is told; null: none waits for it. */
  readonly tellAtMonoMs: number | null
  /** It needs until then to start. */
  readonly untilMonoMs: number
  /** How long it may give no sign of life, 0: for ever; null: as its probe has it. */
  readonly watchdogMs: number | null
}

/** `startup`: it has to be ready; `liveness`: to give a sign of life. */
export interface Limit {
  readonly probe: 'startup' | 'liveness'
  readonly sinceMonoMs: number
  readonly untilMonoMs: number
}

export interface EndedRun {
  readonly run: number
  readonly cause: Cause
  /** null when there never was a process. */
  readonly status: ExitStatus | null
}

/** How far a run is: queued until it has a process, alive until that ends, ended until nothing of its tree lives. */
export type Stage = 'queued' | 'alive' | 'ended'

export function stageOf(live: LiveRun): Stage {
  if (live.pid === null) return 'queued'
  return live.end === null ? 'alive' : 'ended'
}

/** The state before the first event: what starts by itself is wanted, nothing runs. */
export function initialState({ groups, processes, shutdown, signals, ...plan }: Plan): State {
  const started = startedAtOnce(processes)
  return {
    phase: 'running',
    fixed: plan,
    shutdown,
    signals,
    processes,
    groups: groups.map((spec) => ({
      ...{ spec, recentRestartsMonoMs: [], restarting: [], isFailed: false },
    })),
    courses: processes.map((spec) => createCourse(spec, started.has(spec.name))),
    instances: processes.flatMap((spec) =>
      Array.from({ length: spec.replicas }, (_, index) =>
        createInstance(spec, index + 1, started.has(spec.name), first),
      ),
    ),
    nextRun: 1,
    firstFailureCode: null,
    withdrawal: null,
    ending: null,
    turnAtMonoMs: null,
    watched: {},
    openOutputs: [],
    reading: 'no',
  }
}

/** An instance that has never run. */
export function createInstance(
  { name: process, isOnDemand }: ProcessSpec,
  number: number,
  isWanted: boolean,
  { revision, epoch }: Pick<Course, 'revision' | 'epoch'>,
): Instance {
  return {
    name: instanceName(process, number),
    process,
    number,
    revision,
    epoch,
    isWanted,
    isLeaving: false,
    phase: isWanted ? 'pending' : 'stopped',
    isWaiting: false,
    awaited: null,
    live: null,
    failures: 0,
    restarts: 0,
    recentRestartsMonoMs: [],
    wasReady: isOnDemand && isWanted,
    isGivenUp: false,
    putOff: null,
    last: null,
  }
}

/** Of a process that begins. */
export function createCourse(
  spec: ProcessSpec,
  isWanted: boolean,
  { atWallMs, by }: Pick<Revision, 'atWallMs' | 'by'> = { atWallMs: 0, by: 'start' },
): Course {
  const revision = { number: 1, spec, atWallMs, by, changes: [], isGood: by === 'start' }
  return {
    ...{ process: spec.name, isWanted, isRemoved: false, ...first },
    ...{ revisions: [revision], nextRevision: 2 },
    ...{ isPaused: false, rollout: null, outcome: null },
  }
}

const first = { revision: 1, epoch: 1 }
