import type { Reading } from '../core/events.ts'
import type { Origin } from '../plan/plan.ts'

/** The configuration as its files have it now. */
export interface ConfigFiles {
  /** Reads and checks the files of the start, or (not null) others; never rejects. */
  read(files: readonly string[] | null): Promise<Reading>
  /** What was read, merged, without what may be secret; null: it was a command line. */
  show(origin: Origin): unknown
}

/** A configuration that can be had. */
export interface ConfigSource {
  /**
   * What `use` makes of the files of the start, or (not null) of others. What the plan takes besides processes, such as addresses, is at hand while it is
   * used, and given up after that unless it was wanted. One is used after the other. Rejects with what `use` throws alone.
   */
  read<T>(files: readonly string[] | null, use: (reading: Reading) => T): Promise<T>
}
