import type { ProcessSpec, RestartLimit } from './process-spec.ts'

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
  /** Where revisions outlive a start; null: nowhere. Absolute. */
  readonly stateDir: string | null
  readonly sockets: readonly SocketSpec[]
  readonly groups: readonly GroupSpec[]
  readonly processes: readonly ProcessSpec[]
  readonly origin: Origin
}

/** Where a plan came from. */
export interface Origin {
  /** As they were named; none: a command line. */
  readonly files: readonly string[]
  /** What stood in them, and in those that they include, from weak to strong. */
  readonly texts: readonly { readonly file: string; readonly text: string }[]
}

/** Where Ringmaster itself can be reached, and by whom. */
export type Addresses = Pick<Plan, 'http' | 'control'>

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
