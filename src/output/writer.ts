export interface WriterOptions {
  /** Kept in memory before the writer is told to stop. */
  readonly limitBytes: number
  /** … and before lines of one that does not stop are dropped. */
  readonly mostBytes: number
  /** Called each time the writer was full and has room again. */
  readonly onDrain: () => void
}

/** Keeps the account of what waits of one writer. */
export interface Writer {
  readonly isFull: boolean
  /** False: the most waits. */
  readonly hasRoom: boolean
  keep(cost: number): void
  forget(cost: number): void
  /** Ends `isFull` when half of the limit is free, so that the writer is not stopped and started for each line. */
  relax(): void
}

export function createWriter({ limitBytes, mostBytes, onDrain }: WriterOptions): Writer {
  let held = 0
  let isFull = false
  return {
    get isFull() {
      return isFull
    },
    get hasRoom() {
      return held < mostBytes
    },
    keep(cost) {
      held += cost
      isFull ||= held >= limitBytes
    },
    forget(cost) {
      held -= cost
    },
    relax() {
      if (!isFull || held > limitBytes / 2) return
      isFull = false
      onDrain()
    },
  }
}
