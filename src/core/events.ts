import type { ExitStatus } from '../lib/exit-codes.ts'
import type { HookName, ProbeName } from '../plan/instance-spec.ts'
import type { Plan } from '../plan/plan.ts'

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
  /** Be not ready, and go on with all else; a shutdown that follows has so much less to wait. */
  | { readonly type: 'drain'; readonly by: string }
  /** Be not ready until it is over; the end of it is that of a drain too. */
  | { readonly type: 'maintenance'; readonly isOn: boolean; readonly by: string }
  /** Somebody wants these instances to run, to be stopped, or to have a new run; what they need is started too. */
  | {
      readonly type: 'start' | 'stop' | 'restart'
      readonly instances: readonly string[]
      /** Who asked, in words: `uid 0, pid 12`. */
      readonly by: string
    }
  /** Somebody sends these instances a signal: to the main process, or also to what comes of it. */
  | {
      readonly type: 'send'
      readonly instances: readonly string[]
      readonly signal: number
      readonly to: 'process' | 'tree'
      readonly by: string
    }
  /** Stop everything and end with `code`; without a drain where that tells of a failure. */
  | { readonly type: 'shutdown'; readonly reason: string; readonly code: number }
  /** What runs is to be as `plan` has it, which was checked and can be had. `by`: who wants it. */
  | { readonly type: 'apply'; readonly plan: Plan; readonly by: string }
  /** Something about how the instances of a process are replaced. */
  | ({ readonly type: 'rollout'; readonly process: string; readonly by: string } & RolloutWish)
  /** There are to be so many instances of a process, from 0 to the most that there can be. */
  | {
      readonly type: 'scale'
      readonly process: string
      readonly replicas: number
      /** Who asked, in words. */
      readonly by?: string
    }
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
  /** A try of a probe ended. Answers `probe`. */
  | ({ readonly type: 'probed'; readonly run: number; readonly probe: ProbeName } & ProbeResult)
  /** The run has said something of itself, by sd_notify(3). */
  | { readonly type: 'notified'; readonly run: number; readonly notice: Notice }
  /** A hook ended. Answers `ask`. */
  | ({ readonly type: 'answered'; readonly run: number; readonly hook: HookName } & HookResult)
  /** The main process of the run ended. Comes after `executed` or `execFailed`. */
  | {
      readonly type: 'exited'
      readonly run: number
      readonly status: ExitStatus
      readonly clue?: Clue | undefined
    }
  /** Nothing of the run's tree lives. Answers `endTree`. */
  | { readonly type: 'emptied'; readonly run: number }
  /** The run with its tree has more in memory than its limit, and did not come by it just now. Once a run at most. */
  | { readonly type: 'overMemoryLimit'; readonly run: number; readonly bytes: number }
  /** The run's output is read to its end. */
  | { readonly type: 'outputEnded'; readonly run: number }
  /** Somebody waits at a socket of the process. Answers `watchSockets`. */
  | { readonly type: 'connected'; readonly process: string }
  /** A deadline set by `wake` has come. */
  | { readonly type: 'deadline'; readonly key: DeadlineKey }
  /** Nothing that belongs to Ringmaster lives any more. Answers `sweep`. */
  | { readonly type: 'swept' }
  /** Answers `readConfig`. */
  | { readonly type: 'configRead'; readonly reading: Reading }
  /** A mistake in here: what was to be done for the instance could not be. */
  | { readonly type: 'broken'; readonly instance: string }

/**
 * What else was seen when a main process ended. `oom-kill`: the kernel killed a process for want of memory, and it was this one;
 * `possible-oom-kill`: it may have been another. `heap-limit`: its last words, and its status, are those of a full heap.
 */
export type Clue = 'oom-kill' | 'possible-oom-kill' | 'heap-limit'

/** At most one deadline exists for each: of an instance (`web.1/start`), or of the supervisor. */
export type DeadlineKey =
  | `${string}/${'start' | 'kill' | 'age' | 'hook' | 'notify' | 'status'}`
  /** Of a process. */
  | `${string}/rollout`
  | 'drain'
  | 'turn'
  | 'sweep'
  | 'budget'

/** What came of one try of a probe. */
export interface ProbeResult {
  /** null: it could not be tried, which says nothing. */
  readonly isOk: boolean | null
  /** `HTTP 503`, `connection refused`: a few words that hold nothing secret. */
  readonly detail: string
  /** What a command wrote that failed, 4 KiB at most. */
  readonly output?: string
  /** No other try is worth while before that. */
  readonly againAtMonoMs?: number
  readonly durationMs: number
}

/** What one message of sd_notify(3) says, as far as it means something here. */
export interface Notice {
  /** The last that it says of `READY=1`, `RELOADING=1` and `STOPPING=1`. */
  readonly state?: 'ready' | 'reloading' | 'stopping'
  /** One line, bounded; '': none any more. */
  readonly status?: string
  /** A sign of life, or that it wants to be ended. */
  readonly watchdog?: 'alive' | 'failed'
  /** How long it may give no sign of life from now on; 0: for ever. */
  readonly watchdogMs?: number
  /** It needs so much from now on, to start or to stop. */
  readonly extendMs?: number
}

/** What came of a hook. */
export interface HookResult extends Pick<ProbeResult, 'detail' | 'output'> {
  readonly isOk: boolean
}

/**
 * `undo`: back to the revision, null: to the one that was wanted before and did well. `restart`: new runs of the same. `pause`:
 * nothing is replaced until `resume`.
 */
export type RolloutWish =
  | { readonly action: 'undo'; readonly toRevision: number | null }
  | { readonly action: 'restart' | 'pause' | 'resume' }

/** Why files cannot be used, or what they say: a plan that was checked and can be had. */
export type Reading = { readonly problem: string } | { readonly problem: null; readonly plan: Plan }
