import type { Clock } from '../ports/clock.ts'

/** Those who wait until everything is written. */
export interface Flush {
  /** Resolves at the next {@link done}, or after `deadlineMs`. */
  wait(deadlineMs: number): Promise<void>
  done(): void
}

export function createFlush(clock: Clock): Flush {
  const waiting: (() => void)[] = []
  return {
    wait: (deadlineMs) =>
      new Promise((resolve) => {
        const cancel = clock.at(clock.now().monoMs + deadlineMs, resolve)
        waiting.push(() => {
          cancel()
          resolve()
        })
      }),
    done() {
      for (const resolve of waiting.splice(0)) resolve()
    },
  }
}
