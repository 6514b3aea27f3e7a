import type { LogFormat } from '../plan/plan.ts'

/** Where the output of runs goes. */
export interface Output {
  /** Reads the descriptors to their end and closes them; lines carry the name of `instance`. `onEnd` is called once, when all are at their end or were given up by {@link OutputStream.release}, and never before this returns. */
  attach(source: OutputSource, onEnd: () => void): OutputStream
}

export interface OutputSource {
  readonly instance: string
  readonly process: string
  readonly run: number
  readonly format: LogFormat
  /** null: there is nothing to read. */
  readonly stdout: number | null
  readonly stderr: number | null
}

export interface OutputStream {
  /** Nothing of the run lives: read what is there, then end within 200 ms, whoever else holds the pipe. */
  release(): void
}
