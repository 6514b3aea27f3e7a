import type { InstanceSpec, LogsSpec, OutputCheck } from '../plan/instance-spec.ts'
import type { Outcome } from './prober.ts'

/** Where the output of runs goes. */
export interface Output {
  /** Reads the descriptors to their end and closes them; lines carry the name of `instance`. `onEnd` is called once, when all are at their end or were given up by {@link OutputStream.release}, and never before this returns. */
  attach(source: OutputSource, onEnd: () => void): OutputStream
  /** There is no such instance any more: nothing is kept of it. What its runs still write goes where it went. */
  forget(instance: string): void
  /** From now on lines go to the files that have the names: those that are open may have been renamed. */
  reopenFiles(): void
}

/** What is counted of one stream of an instance, all its runs together. */
export interface StreamCounts {
  /** As read. */
  readonly bytes: number
  /** Lines that nobody will read whole. */
  readonly droppedLines: number
}

/** The streams that were ever read from an instance. */
export type OutputCounts = Readonly<Partial<Record<'stdout' | 'stderr', StreamCounts>>>

export interface OutputSource {
  readonly instance: string
  readonly process: string
  readonly run: number
  readonly logs: LogsSpec
  /** Those of {@link OutputCheck} will be asked for. */
  readonly checks?: InstanceSpec['checks']
  /** null: there is nothing to read. */
  readonly stdout: number | null
  readonly stderr: number | null
}

export interface OutputStream {
  /** Nothing of the run lives: read what is there, then end within 200 ms, whoever else holds the pipe. */
  release(): void
  /** Reads what is there now: the last that the run wrote, of each stream up to 8 KiB, as latin1. */
  lastWords(): LastWords
  /**
   * Begins a try of a probe, one of the checks that the source has named. `onEnd` hears once how it ended, never before this returns,
   * and no more once the returned function was called.
   */
  probe(check: OutputCheck, onEnd: (outcome: Outcome) => void): () => void
}

export interface LastWords {
  readonly stdout: string
  readonly stderr: string
}

/**
 * Puts `before` and `after` around each line of `lines` from the byte `start` on, and leaves out its newline; the last line
 * needs none. With `escapes` what is between becomes what JSON.stringify() makes of it, without the quotes, and U+FFFD of
 * what is no UTF-8. Stops before a line that might not fit into `target`: returns where in `lines`, and how many bytes of
 * `target` are used.
 */
export type FormatLines = (
  lines: Uint8Array,
  start: number,
  before: Uint8Array,
  after: Uint8Array,
  escapes: boolean,
  target: Uint8Array,
) => readonly [at: number, written: number]
