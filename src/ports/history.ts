import type { Cause, Change, Phase, SupervisorPhase } from '../core/changes.ts'
import type { LogLevel } from '../plan/plan.ts'

/** What has happened, for who asks later and for who goes on listening. */
export interface History {
  /** Number of the newest event; 0 before the first. */
  readonly newest: number
  /**
   * The events after that with the number `id`, oldest first, as far as they are kept: the newest 1,000. After a number that was not
   * given yet, which is of an earlier start of Ringmaster, those are all.
   */
  since(id: number): readonly HistoryEvent[]
  /**
   * Tells `listener` of the events after that with the number `after`; where it is left out, of those to come. Returns what ends
   * that. It is never called before this returns, nor again until what it returned is resolved.
   */
  follow(listener: HistoryListener, after?: number): () => void
}

/**
 * Takes events, oldest first and at least one. `missed`: how many before them it will never see, because 1,000 newer ones came while
 * it was busy.
 */
export type HistoryListener = (
  events: readonly HistoryEvent[],
  missed: number,
) => void | Promise<void>

/** A change as the log tells it; what it tells only at level `debug` of probes and hooks is none. Plain data, which holds nothing of an environment or a command line. */
export interface HistoryEvent {
  /** 1 for the first of this start of Ringmaster, then one more each. */
  readonly id: number
  /** Unix time in ms. */
  readonly atMs: number
  readonly level: LogLevel
  readonly type: Change['type']
  /** null: it is about Ringmaster itself. So are `instance`, `run` and `cause`, also where it is about a process as a whole. */
  readonly process: string | null
  /** `web.1` */
  readonly instance: string | null
  readonly run: number | null
  /** What the instance, or Ringmaster, is in from now on; null where this has not changed. */
  readonly phase: Phase | SupervisorPhase | null
  /** Whether the instance is ready from now on; null where this has not changed, and in a phase other than `running`, in which none is. */
  readonly isReady: boolean | null
  /** What ended the run. */
  readonly cause: Cause | null
  /** One line of 1,000 characters at most. */
  readonly text: string
}
