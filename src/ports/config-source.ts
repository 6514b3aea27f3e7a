import type { Reading } from '../core/events.ts'
import type { Origin } from '../plan/plan.ts'

/** The configuration as its files have it now. */
export interface ConfigSource {
  /** Reads and checks the files of the start, or (not null) others; never rejects. */
  read(files: readonly string[] | null): Promise<Reading>
  /** What was read, merged, without what may be secret; null: it was a command line. */
  show(origin: Origin): unknown
}
