import type { Reading } from '../core/events.ts'

/** The configuration as its files have it now. */
export interface ConfigSource {
  /** Reads and checks the files of the start, or (not null) others; never rejects. */
  read(files: readonly string[] | null): Promise<Reading>
}
