import type { Check, InstanceSpec } from '../plan/plan.ts'

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

/** `detail`: a few words that hold nothing secret. */
export interface Outcome {
  readonly isOk: boolean
  readonly detail: string
}
