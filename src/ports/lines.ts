import type { LastWords } from './output.ts'

/** What processes write, for who looks and who goes on looking. */
export interface Lines {
  /** The last that the runs of an instance wrote, of each stream up to 8 KiB, as latin1. */
  lastWords(instance: string): LastWords
  /** Has `listener` hear of whole lines as they come, with their newlines; it may not keep the buffer. Returns what ends that. */
  follow(listener: LinesListener): () => void
}

export type LinesListener = (instance: string, stream: keyof LastWords, lines: Buffer) => void
