/** How captured output is written: `web.1 | line`, one JSON object a line, or as it came. */
export type LogFormat = 'prefix' | 'json' | 'raw'

/** `postStart`: when the command is executing; until it is done the run is starting. `preStop`: before the stop signal, within the grace. */
export type HookName = 'postStart' | 'preStop'

export type ProbeName = 'startup' | 'readiness' | 'liveness'

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
