import type { HookName, InstanceTemplate, ProbeName } from './instance-spec.ts'

/** One process of the config: what each of its instances is started as, and when it is started again. */
export interface ProcessSpec {
  readonly name: string
  /** Started with Ringmaster. */
  readonly autoStart: boolean
  /** From the beginning to the first start. */
  readonly startDelayMs: number
  /** Started by the first connection to one of its sockets, and not before. */
  readonly isOnDemand: boolean
  /** Names of those that its instances have. */
  readonly sockets: readonly string[]
  /** What each start of a run waits for. A graph of all processes without a circle. */
  readonly dependsOn: readonly Dependency[]
  readonly restartPolicy: RestartPolicy
  /** Exit codes that are no failure. */
  readonly successExitCodes: readonly number[]
  readonly backoff: BackoffPolicy
  /** null: restarted for ever. */
  readonly restartLimit: RestartLimit | null
  /** A first command that cannot be executed fails the process at once. */
  readonly isFirstStartFinal: boolean
  /** Ringmaster shuts down when it has failed. */
  readonly isEssential: boolean
  /** A successful end is not followed by a restart, and every end that is not shuts Ringmaster down. */
  readonly isShutdownOnExit: boolean
  /** Number of the signal that asks a run to end. */
  readonly stopSignal: number
  /** Number of the signal that has a run read its configuration again; null: there is none. */
  readonly reloadSignal: number | null
  /** From the stop signal to SIGKILL. */
  readonly graceMs: number
  readonly killMode: KillMode
  /** From its start, a run that is older is stopped and started again; null: none is too old. */
  readonly maxAgeMs: number | null
  /** Chance adds up to so much to it. */
  readonly maxAgeJitterMs: number
  /** A run that has more in memory, with all its processes, is stopped and started again; null: none has too much. */
  readonly memoryLimitBytes: number | null
  readonly probes: Readonly<Partial<Record<ProbeName, ProbeSpec>>>
  /** Those that it has. */
  readonly hooks: readonly HookName[]
  /** How many instances there are. */
  readonly replicas: number
  /** More cannot be: two would write to one file, or one would have a port that there is not. */
  readonly mostReplicas: number
  readonly strategy: StrategySpec
  /** How long a new instance of a rollout has to be ready before it counts. */
  readonly minReadyMs: number
  /** A rollout in which no new instance becomes ready for so long has failed. */
  readonly progressDeadlineMs: number
  readonly template: InstanceTemplate
}

/** How new instances take the place of old ones; what the numbers come to is for `plan/strategy.ts` to say. */
export type StrategySpec =
  | { readonly type: 'Recreate' }
  | { readonly type: 'RollingUpdate'; readonly maxSurge: Share; readonly maxUnavailable: Share }

/** A number of instances, or `25%` of them. */
export type Share = number | `${number}%`

export interface Dependency {
  readonly process: string
  readonly condition: Condition
}

/** `started`: enough of its instances run or have succeeded. `ready`: so many of them are ready or have succeeded. `succeeded`: all of them have. */
export type Condition = 'started' | 'ready' | 'succeeded'

export type RestartPolicy = 'Always' | 'OnFailure' | 'Never'

/**
 * Who gets the stop signal, and when. `staged`: the main process, and when it has ended what it left; SIGKILL to the rest at the
 * end of the grace. `mixed`: the main process, and SIGKILL to what it left. `process`: the main process alone; what it
 * left lives on. `group`: its whole process group at once, then as `staged`.
 */
export type KillMode = 'staged' | 'mixed' | 'process' | 'group'

/**
 * When a probe is tried, and how many results in a row count. What a try does is the {@link Check} of an instance. One by `notify` is
 * never tried: the process itself speaks, and must do so within the time of as many tries as may fail. One by `logLine` waits for a
 * line, one try after the other, and once it has succeeded it is tried no more in that run.
 */
export interface ProbeSpec {
  readonly by: 'tries' | 'notify' | 'logLine'
  /** From when the command is executed. */
  readonly initialDelayMs: number
  /** From the begin of one try to that of the next; 1 at least. */
  readonly periodMs: number
  /** 1 at least. */
  readonly timeoutMs: number
  readonly successThreshold: number
  readonly failureThreshold: number
  /** From the stop signal to SIGKILL when it has failed; null: as the process has it. */
  readonly graceMs: number | null
}

/** The wait before a restart: see {@link backoffMs}. */
export interface BackoffPolicy {
  readonly initialMs: number
  readonly factor: number
  readonly maxMs: number
  /** Share of the wait that chance may add, 0 to 1. */
  readonly jitter: number
  /** A run that was ready for this long is stable: the row of failures starts anew after it. */
  readonly resetAfterMs: number
}

/** More than `count` automatic restarts of an instance within `withinMs`, or in a row without a stable run, fail it. */
export interface RestartLimit {
  readonly count: number
  readonly withinMs: number
}
