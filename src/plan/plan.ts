/** What shall run, with every default filled in; all times in ms. Made from a validated Config by {@link toPlan}; plain data. */
export interface Plan {
  /** The probe endpoint; null: off. Port 0: any free one. */
  readonly http: { readonly host: string; readonly port: number } | null
  readonly logs: { readonly format: LogFormat }
  readonly processes: readonly ProcessSpec[]
}

/** How captured output is written: `web.1 | line`, one JSON object a line, or as it came. */
export type LogFormat = 'prefix' | 'json' | 'raw'

/** One process of the config: what each of its instances is started as, and when it is started again. */
export interface ProcessSpec {
  readonly name: string
  readonly restartPolicy: RestartPolicy
  readonly backoff: BackoffPolicy
  /** Number of the signal that asks a run to end. */
  readonly stopSignal: number
  /** From the stop signal to SIGKILL. */
  readonly graceMs: number
  /** One a replica, in order of `number`. */
  readonly instances: readonly InstanceSpec[]
}

/** What one instance is started as. The config's variables are resolved. */
export interface InstanceSpec {
  /** `web.1` */
  readonly name: string
  readonly process: string
  /** 1 for the first replica. */
  readonly number: number
  /** The command and its arguments, never empty. */
  readonly command: readonly [string, ...string[]]
  /** What the config adds to the environment. */
  readonly env: Readonly<Record<string, string>>
  /** null: Ringmaster's own. */
  readonly workingDir: string | null
  /** Name or number; null: Ringmaster's own. */
  readonly runAsUser: string | number | null
  /** Name or number; null: the user's own group. */
  readonly runAsGroup: string | number | null
}

export type RestartPolicy = 'Always' | 'OnFailure' | 'Never'

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
