import type { Reading } from '../core/messages.ts'

/** The configuration as its files have it now. */
export interface ConfigSource {
  /** Reads and checks the files of the start; never rejects. */
  read(): Promise<Reading>
}
