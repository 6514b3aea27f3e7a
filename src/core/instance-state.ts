import type { ExitStatus } from '../lib/exit-codes.ts'
import type { HookName, ProbeName } from '../plan/instance-spec.ts'
import type { Cause, Phase } from './changes.ts'

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
