import type { ExitStatus } from '../lib/exit-codes.ts'
import type { PlanDiff } from '../plan/diff.ts'
import type { HookName, Plan, ProbeName, ProcessSpec } from '../plan/plan.ts'

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
  | { readonly type: 'drain' }
  /** Be not ready until it is over; the end of it is that of a drain too. */
  | { readonly type: 'maintenance'; readonly isOn: boolean }
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

/** What the core wants done. An effect is started; its outcome is a later event. */
export type Effect =
  | {
      readonly type: 'spawn'
      readonly run: number
      readonly number: number
      readonly spec: ProcessSpec
    }
  /** Forget a `spawn` that has not begun; `spawnFailed` (ECANCELED) answers. No answer when it has begun. */
  | { readonly type: 'cancelSpawn'; readonly run: number }
  /** To the main process of the run, which has not been reported as ended, or to its whole process group. */
  | {
      readonly type: 'signal'
      readonly run: number
      readonly signal: number
      readonly to: 'process' | 'group'
    }
  /** What somebody sends: to the main process of the run, which has not been reported as ended, or to it and what comes of it. */
  | {
      readonly type: 'send'
      readonly run: number
      readonly signal: number
      readonly to: 'process' | 'tree'
    }
  /** To the main process of the run, if it has a handler for it. */
  | { readonly type: 'offer'; readonly run: number; readonly signal: number }
  /**
   * To all that lives of the run's tree once its main process has ended, but for its process group where `sparesGroup` is set;
   * `emptied` follows when nothing lives.
   */
  | {
      readonly type: 'endTree'
      readonly run: number
      readonly signal: number
      readonly sparesGroup: boolean
    }
  /** The main process of the run has ended, and what it left may live on. */
  | { readonly type: 'abandon'; readonly run: number }
  /** One try of the probe, at that time and for `timeoutMs` at most; `probed` follows. One at a time of each probe. */
  | {
      readonly type: 'probe'
      readonly run: number
      readonly probe: ProbeName
      readonly atMonoMs: number
      readonly timeoutMs: number
    }
  /** The run is one of this spec from now on; what it was started as is the same. */
  | {
      readonly type: 'adopt'
      readonly run: number
      readonly number: number
      readonly spec: ProcessSpec
    }
  /** Forget a `probe` that was not answered, and end it when it has begun; no answer follows. */
  | { readonly type: 'stopProbe'; readonly run: number; readonly probe: ProbeName }
  /** Begin the hook; `answered` follows. One at a time of each run. */
  | { readonly type: 'ask'; readonly run: number; readonly hook: HookName }
  /** End a hook that was not answered; no answer follows. */
  | { readonly type: 'dismiss'; readonly run: number; readonly hook: HookName }
  /** Look for connections to these sockets of the process that nobody has accepted; `connected` follows, once. */
  | {
      readonly type: 'watchSockets'
      readonly process: string
      readonly sockets: readonly string[]
    }
  /** Forget `watchSockets`; no answer follows. */
  | { readonly type: 'unwatchSockets'; readonly process: string }
  /** Sets, replaces or (null) removes a deadline. */
  | { readonly type: 'wake'; readonly key: DeadlineKey; readonly atMonoMs: number | null }
  /** To everything else that lives below Ringmaster; `swept` follows when nothing does. */
  | { readonly type: 'sweep'; readonly signal: number }
  /** Read and check the files of the start again; `configRead` follows. */
  | { readonly type: 'readConfig' }
  /** There is no instance of that name any more; one that is made later has nothing to do with it. */
  | { readonly type: 'forget'; readonly instance: string }
  /** Write to the log files that have the names now: those that are open may have been renamed. */
  | { readonly type: 'reopenLogs' }
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
export type Change = (
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
  | ErrorChange
) & {
  readonly at: Moment
}

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
  /** Failures in a row, and how many there may be; absent where it succeeded, and where a failure does not count. */
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
}

/** An error that nobody expected, in the supervisor itself; it goes on. */
export interface ErrorChange {
  readonly type: 'internalError'
  readonly message: string
}
