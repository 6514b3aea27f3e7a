import type { ExitStatus } from '../lib/exit-codes.ts'

/** A moment: `monoMs` never jumps and is for delays, `wallMs` is Unix time and for people. */
export interface Moment {
  readonly monoMs: number
  readonly wallMs: number
}

/** All that can happen to the supervisor. The queue stamps it: `at` is when, `unit` a random number in [0, 1). */
export type Event = Fact & { readonly at: Moment; readonly unit: number }

export type Fact =
  /** The first event: start what the plan names. */
  | { readonly type: 'begin' }
  /** Ringmaster itself got a signal. */
  | { readonly type: 'signalled'; readonly signal: number }
  /** Stop everything and end with `code`. */
  | { readonly type: 'shutdown'; readonly reason: string; readonly code: number }
  /** The run has a process; its command is not executed yet. */
  | { readonly type: 'spawned'; readonly run: number; readonly pid: number }
  /** The run has no process and never will. `errno` is a name such as ENOENT, `step` what was being done. */
  | {
      readonly type: 'spawnFailed'
      readonly run: number
      readonly errno: string
      readonly step: string
    }
  /** The run's command took the place of the exec helper. */
  | { readonly type: 'executed'; readonly run: number }
  /** The exec helper could not set up or execute the command; `exited` follows. */
  | {
      readonly type: 'execFailed'
      readonly run: number
      readonly errno: string
      readonly step: string
    }
  /** The main process of the run ended. Comes after `executed` or `execFailed`. */
  | { readonly type: 'exited'; readonly run: number; readonly status: ExitStatus }
  /** Nothing of the run's tree lives. Answers `endTree`. */
  | { readonly type: 'emptied'; readonly run: number }
  /** The run's output is read to its end. */
  | { readonly type: 'outputEnded'; readonly run: number }
  /** A deadline set by `wake` has come. */
  | { readonly type: 'deadline'; readonly key: DeadlineKey }
  /** Nothing that belongs to Ringmaster lives any more. Answers `sweep`. */
  | { readonly type: 'swept' }

/** At most one deadline exists for each: of an instance (`web.1/backoff`), or of the supervisor. */
export type DeadlineKey = `${string}/${'backoff' | 'kill'}` | 'sweep'

/** What the core wants done. An effect is started; its outcome is a later event. */
export type Effect =
  | { readonly type: 'spawn'; readonly run: number; readonly instance: string }
  /** Forget a `spawn` that has not begun; `spawnFailed` (ECANCELED) answers. No answer when it has begun. */
  | { readonly type: 'cancelSpawn'; readonly run: number }
  /** To the main process of the run, which has not been reported as ended. */
  | { readonly type: 'signal'; readonly run: number; readonly signal: number }
  /** To all that lives of the run's tree once its main process has ended; `emptied` follows when nothing does. */
  | { readonly type: 'endTree'; readonly run: number; readonly signal: number }
  /** Sets, replaces or (null) removes a deadline. */
  | { readonly type: 'wake'; readonly key: DeadlineKey; readonly atMonoMs: number | null }
  /** To everything else that lives below Ringmaster; `swept` follows when nothing does. */
  | { readonly type: 'sweep'; readonly signal: number }
  | { readonly type: 'exit'; readonly code: number }

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
  | 'exec-failed'
  | 'stop-requested'
  | 'grace-exceeded'

/** What a step changed, in order; log and metrics are made from it alone. */
export type Change = (InstanceChange | SupervisorChange | ErrorChange) & { readonly at: Moment }

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
  /** Set when the change is due to the end of a run, or of its main process. */
  readonly cause?: Cause
  readonly status?: ExitStatus
  /** `ENOENT exec`: what the kernel refused. */
  readonly refused?: string
  /** Wait before the restart, in ms. */
  readonly delayMs?: number
}

export interface SupervisorChange {
  readonly type: 'supervisor'
  readonly phase: SupervisorPhase
  readonly reason: string
  readonly code: number
}

export type SupervisorPhase = 'running' | 'stopping' | 'sweeping' | 'ended'

/** An error that nobody expected, in the supervisor itself; it goes on. */
export interface ErrorChange {
  readonly type: 'internalError'
  readonly message: string
}
