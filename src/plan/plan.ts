/** What shall run, with every default filled in; all times in ms. Made from a validated Config by {@link toPlan}; plain data. */
export interface Plan {
  /** The probe endpoint; null: off. Port 0: any free one. */
  readonly http: { readonly host: string; readonly port: number } | null
  /** Where commands come in; null: nowhere. */
  readonly control: ControlSpec | null
  readonly logs: { readonly level: LogLevel } & LinesSpec
  readonly shutdown: ShutdownSpec
  /** What a signal to Ringmaster itself does, by its number. One that is not in here keeps the action that the kernel gives it. */
  readonly signals: Readonly<Record<number, SignalRule>>
  /** Ringmaster gives root up itself when no process needs it. */
  readonly dropsSelf: boolean
  readonly sockets: readonly SocketSpec[]
  readonly groups: readonly GroupSpec[]
  readonly processes: readonly ProcessSpec[]
}

/** Where commands come in, and who may give them. */
export interface ControlSpec {
  /** Path of the socket; null: the first place that can be had. */
  readonly socket: string | null
  readonly mode: number
  /** Names or numbers; null: who Ringmaster is. */
  readonly user: string | number | null
  readonly group: string | number | null
  readonly access: AccessSpec
  /** Over TCP, too; null: off. */
  readonly http: ControlHttpSpec | null
}

/** Control over TCP, for whoever knows a token. Paths are absolute. */
export interface ControlHttpSpec {
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  readonly tokenFile: string
  readonly tls: TlsSpec | null
}

export interface TlsSpec {
  readonly certFile: string
  readonly keyFile: string
  /** Only clients whose certificate it has signed are let in; null: any. */
  readonly clientCaFile: string | null
}

/** What clients may do. Root and Ringmaster's own user control, unless they are processes below Ringmaster. */
export interface AccessSpec {
  /** Other users. */
  readonly others: 'none' | 'read'
  /** Processes below Ringmaster, whoever they are; null: no more than look, and no more than their user may. */
  readonly descendants: Access | null
}

/** `none`: not even look. `control`: all. */
export type Access = 'none' | 'read' | 'control'

/** A socket that listens from the start to the end, for the processes that name it. */
export type SocketSpec = TcpSocketSpec | UnixSocketSpec

export interface TcpSocketSpec {
  readonly kind: 'tcp'
  readonly name: string
  /** An address or a name; `::` takes IPv4 too. */
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  /** How many connections wait at most. */
  readonly backlog: number
  /** Others of the same user that say so too may listen there. */
  readonly reusesPort: boolean
}

export interface UnixSocketSpec {
  readonly kind: 'unix'
  readonly name: string
  /** Absolute. */
  readonly path: string
  readonly mode: number
  /** Names or numbers; null: who Ringmaster is (`group`: the user's own). */
  readonly user: string | number | null
  readonly group: string | number | null
  readonly backlog: number
}

/** Processes that are restarted together; each is in one group at most. */
export interface GroupSpec {
  readonly name: string
  /** In the order in which they are started; they are stopped the other way round. */
  readonly processes: readonly string[]
  readonly strategy: GroupStrategy
  /** null: none of its own. */
  readonly restartLimit: RestartLimit | null
  /** Ringmaster shuts down when its limit is exceeded. */
  readonly isEssential: boolean
}

/** What is restarted with an instance that is, as of a supervisor of Erlang/OTP: nothing; all of the group; the processes after its own. */
export type GroupStrategy = 'OneForOne' | 'OneForAll' | 'RestForOne'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** How captured output is written: `web.1 | line`, one JSON object a line, or as it came. */
export type LogFormat = 'prefix' | 'json' | 'raw'

/** What is done with captured lines, whatever their format. */
export interface LinesSpec {
  /** The format `prefix` begins with the time. */
  readonly hasTimestamps: boolean
  /** ANSI sequences are taken out. */
  readonly stripsAnsi: boolean
  /** Of a line without its newline; a longer one is split. */
  readonly maxLineBytes: number
  /** What happens when Ringmaster's own stdout or stderr takes nothing more. */
  readonly onOverflow: 'block' | 'drop'
}

export interface ShutdownSpec {
  /** From not ready to the first stop signal. */
  readonly drainMs: number
  /** From the wish to end until the exit, drain included. */
  readonly graceMs: number
}

/** `forward` asks whether a process has a handler for the signal, `forward-always` does not. */
export type SignalAction =
  | 'shutdown'
  | 'reload'
  | 'reopen-logs'
  | 'forward'
  | 'forward-always'
  | 'ignore'

export interface SignalRule {
  readonly action: SignalAction
  /** The signal that is meant: the one that came, or the one that it is rewritten to. */
  readonly signal: number
}

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

/** `postStart`: when the command is executing; until it is done the run is starting. `preStop`: before the stop signal, within the grace. */
export type HookName = 'postStart' | 'preStop'

export type ProbeName = 'startup' | 'readiness' | 'liveness'

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

/**
 * What each instance of a process is made of by {@link toInstance}, at any time and by its number alone: variables of an instance
 * stand in its texts. What becomes no template of a run still has each dollar of its own doubled.
 */
export interface InstanceTemplate
  extends Omit<InstanceSpec, 'name' | 'number' | 'checks' | 'hooks'> {
  /** `${instance.number}` may stand in a port. */
  readonly ports: readonly { readonly name: string | null; readonly port: string }[]
  /** Names of those variables of `env` that tell of siblings. */
  readonly services: readonly string[]
  readonly checks: Readonly<Partial<Record<ProbeName, Check<string> | OutputCheck>>>
  readonly hooks: Readonly<Partial<Record<HookName, HookAction<string>>>>
}

/**
 * What one instance is started as. The config's variables are put in; what is called a template here may still hold `$(NAME)`, a
 * variable of the run's own environment, and `$$` for a dollar: see {@link fillReferences}.
 */
export interface InstanceSpec {
  /** `web.1` */
  readonly name: string
  readonly process: string
  /** 1 for the first replica. */
  readonly number: number
  /** The command and its arguments, never empty. Templates. */
  readonly command: readonly [string, ...string[]]
  /** Which of Ringmaster's variables come first: all, or those whose names match one of these globs. */
  readonly inheritEnv: true | readonly string[]
  /** What the config adds to the environment, weak to strong. Templates, which may refer to those before them. */
  readonly env: Readonly<Record<string, string>>
  /** null: Ringmaster's own. A template. */
  readonly workingDir: string | null
  /** Names of the sockets that it has as descriptors 3, 4 …. */
  readonly sockets: readonly string[]
  readonly stdin: 'null' | 'inherit'
  readonly logs: LogsSpec
  /** It can speak by sd_notify(3); `watchdogMs`: how long it may give no sign of life, where it has to. */
  readonly notify: { readonly watchdogMs: number | null } | null
  /** One for each probe of the process that is tried. */
  readonly checks: Readonly<Partial<Record<ProbeName, Check | OutputCheck>>>
  /** One for each hook of the process. */
  readonly hooks: Readonly<Partial<Record<HookName, HookAction>>>
  readonly security: SecuritySpec
  readonly resources: ResourcesSpec
}

/** What a try of a probe does. `host` null: this machine, by IPv4 and then by IPv6. */
export type Check<Port = number> =
  | {
      readonly kind: 'http'
      readonly host: string | null
      readonly port: Port
      /** Begins with a slash. */
      readonly path: string
      readonly scheme: 'HTTP' | 'HTTPS'
      readonly headers: readonly HttpHeader[]
    }
  | { readonly kind: 'tcp'; readonly host: string | null; readonly port: Port }
  | {
      readonly kind: 'grpc'
      readonly host: string | null
      readonly port: Port
      /** '': the server as a whole. */
      readonly service: string
    }
  /** Templates. */
  | { readonly kind: 'exec'; readonly command: readonly [string, ...string[]] }

/** What a try of a probe looks for in what the run writes. */
export type OutputCheck =
  /** A line that the pattern, of the syntax of RE2, matches. The try waits for it. */
  | { readonly kind: 'logLine'; readonly pattern: string }
  /** Nothing was written for `ms`, which is a failure. */
  | { readonly kind: 'logSilence'; readonly ms: number }

/** What a hook does: what a probe may do, once, or nothing for that time. */
export type HookAction<Port = number> =
  | Check<Port>
  | { readonly kind: 'sleep'; readonly ms: number }

export interface HttpHeader {
  readonly name: string
  readonly value: string
}

/** What becomes of the output: read by Ringmaster, and written to its own descriptor or to a file, left to what Ringmaster's own descriptor leads to, or thrown away. */
export type OutputTarget = 'capture' | 'inherit' | 'discard' | FileTarget

/** A file that lines are written to. */
export interface FileTarget {
  /** Absolute. */
  readonly file: string
  readonly format: LogFormat
  /** It is rotated before it would be larger. 0: it grows for ever. */
  readonly maxBytes: number
  /** How many rotated files are kept. */
  readonly maxFiles: number
  /** It is rotated with the first line after that. 0: at any age. */
  readonly maxAgeMs: number
  /** Rotated files are compressed. */
  readonly compress: boolean
}

export interface LogsSpec {
  /** Of what is captured and goes to no file. */
  readonly format: LogFormat
  readonly stdout: OutputTarget
  /** `stdout`: the same descriptor. */
  readonly stderr: OutputTarget | 'stdout'
}

/** Names or numbers; null: as Ringmaster has it (`group`: the user's own). */
export interface SecuritySpec {
  readonly user: string | number | null
  readonly group: string | number | null
  readonly supplementalGroups: readonly number[]
  /** A start as root is refused. */
  readonly isNonRoot: boolean
  /** Without no_new_privs: setuid programs work. */
  readonly allowsPrivilegeEscalation: boolean
  /** Names without CAP_, such as `NET_BIND_SERVICE`; `ALL`. null: as the kernel has it. */
  readonly capabilities: {
    readonly add: readonly string[]
    readonly drop: readonly string[]
  } | null
}

/** null: as Ringmaster has it. */
export interface ResourcesSpec {
  /** Soft and hard limit by name, such as `nofile`: see getrlimit(2). */
  readonly rlimits: Readonly<Record<string, number | 'unlimited'>>
  readonly nice: number | null
  readonly umask: number | null
  /** `idle`, `best-effort` or `realtime`; the last two may have a level from 0 to 7 behind a colon. */
  readonly ioClass: string | null
  /** CPUs and ranges of them: `0-3,8`. */
  readonly cpuAffinity: string | null
  /** null: Ringmaster's own and 50, so that a child dies before PID 1. */
  readonly oomScoreAdj: number | null
}
