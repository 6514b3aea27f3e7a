import type { Clock } from '../ports/clock.ts'

/** Makes what is asked between small pieces of work: now and then the answer is a pause, in which the event loop looks after everybody else. */
export function createPauses(clock: Clock): () => Promise<void> | undefined {
  let endMonoMs = clock.now().monoMs + sliceMs
  return () => {
    if (clock.now().monoMs < endMonoMs) return undefined
    return new Promise((resolve) => {
      clock.afterPoll(() => {
        endMonoMs = clock.now().monoMs + sliceMs
        resolve()
      })
    })
  }
}

/** Less than a spawn blocks the event loop. */
const sliceMs = 3
