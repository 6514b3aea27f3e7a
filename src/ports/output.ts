/** Where the output of runs goes. */
export interface Output {
  /** Reads both descriptors to their end and closes them; lines carry the name of `instance`. `onEnd` is called once, when both are at their end or were given up by {@link OutputStream.release}. */
  attach(
    source: {
      readonly instance: string
      readonly process: string
      readonly run: number
      readonly stdout: number
      readonly stderr: number
    },
    onEnd: () => void,
  ): OutputStream
}

export interface OutputStream {
  /** Nothing of the run lives: read what is there, then end within 200 ms, whoever else holds the pipe. */
  release(): void
}
