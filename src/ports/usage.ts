/** What processes use, looked up when asked. */
export interface UsageSource {
  /**
   * Looks up what each of `mains`, main processes of runs, uses together with what descends from it and what is of its session.
   * A main process that has ended, or that /proc hides, is left out. Each step takes well below a millisecond.
   */
  look(mains: ReadonlySet<number>): Generator<void, ReadonlyMap<number, Usage>>
}

/** What one process uses. */
export type OwnUsage = Pick<Usage, 'cpuSeconds' | 'residentBytes'>

export interface Usage {
  /** User and system time, with that of children that were waited for. */
  readonly cpuSeconds: number
  /** Memory that processes share is counted for each. */
  readonly residentBytes: number
  /** Undefined where we may not look. */
  readonly openFds: number | undefined
}

/** What instances use, by their names; looked up once a second at most, whoever asks. */
export interface Usages {
  now(): Promise<UsageSample>
}

export interface UsageSample {
  /** When it was looked up. */
  readonly atMonoMs: number
  /** Of the live run. */
  readonly live: ReadonlyMap<string, Usage>
  /** CPU time of all runs, as far as it was seen. It never falls. */
  readonly cpuSeconds: ReadonlyMap<string, number>
}

/** How long the turns of our event loop work, in seconds; kept up to date. */
export interface LoopTurns {
  readonly bounds: readonly number[]
  /** One for each bound, and one for what is above all. */
  readonly counts: ArrayLike<number>
  readonly sum: number
}
