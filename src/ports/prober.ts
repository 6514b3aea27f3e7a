import type { Check, InstanceSpec } from '../plan/instance-spec.ts'

/** Does what probes do. It knows no time: who asks ends a try that takes too long. */
export interface Prober {
  /**
   * Begins one try. `onEnd` hears once how it ended, never before this returns, and no more once the returned function was called,
   * which ends the try.
   */
  probe(target: ProbeTarget, onEnd: (outcome: Outcome) => void): () => void
}

export interface ProbeTarget {
  readonly check: Check
  readonly spec: InstanceSpec
  /** Value of RINGMASTER_RUN in the environment of the run. */
  readonly runId: string
}

export interface Outcome {
  /** null: it could not be tried. */
  readonly isOk: boolean | null
  /** A few words that hold nothing secret. */
  readonly detail: string
  /** What a command wrote that failed, 4 KiB at most. */
  readonly output?: string
  /** No other try is worth while before that. */
  readonly againAtMonoMs?: number
}
