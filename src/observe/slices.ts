import type { Clock } from '../ports/clock.ts'

/**
 * Makes what is asked between small pieces of work: now and then the answer is a pause, in which the event loop looks after
 * everybody else. The others get two thirds of the time where they want so much, and not all of it: on a busy machine one spawn
 * takes longer than this work would.
 */
export function createPauses(clock: Clock): () => Promise<void> | undefined {
  let endMonoMs = clock.now().monoMs + sliceMs
  return () => {
    const pausedMonoMs = clock.now().monoMs
    if (pausedMonoMs < endMonoMs) return undefined
    return new Promise((resolve) => {
      clock.afterPoll(() => {
        const { monoMs } = clock.now()
        endMonoMs = monoMs + Math.max(sliceMs, (monoMs - pausedMonoMs) / 2)
        resolve()
      })
    })
  }
}

/** Less than a spawn blocks the event loop. */
const sliceMs = 3
