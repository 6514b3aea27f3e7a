import type { Clock } from '../../src/ports/clock.ts'

/** A clock that moves only when told to. */
export interface ManualClock extends Clock {
  /** Moves time on, and calls what falls due, in order. */
  advance(ms: number): void
  /** Calls what waits for the next look at input and output. */
  poll(): void
  /** When something falls due; Infinity when nothing does. */
  nextAt(): number
}

export function createManualClock(wallMs = Date.UTC(2030, 0, 2, 3, 4, 5)): ManualClock {
  let monoMs = 1000
  const startMs = monoMs
  const due = new Set<{ atMonoMs: number; callback: () => void }>()
  let afterPoll: (() => void)[] = []

  const first = () => [...due].sort((a, b) => a.atMonoMs - b.atMonoMs)[0]
  return {
    now: () => ({ monoMs, wallMs: wallMs + monoMs - startMs }),
    unit: () => 0,
    at(atMonoMs, callback) {
      const entry = { atMonoMs, callback }
      due.add(entry)
      return () => due.delete(entry)
    },
    afterPoll: (callback) => afterPoll.push(callback),
    advance(ms) {
      const end = monoMs + ms
      for (let next = first(); next && next.atMonoMs <= end; next = first()) {
        due.delete(next)
        monoMs = Math.max(monoMs, next.atMonoMs)
        next.callback()
      }
      monoMs = end
    },
    poll() {
      const callbacks = afterPoll
      afterPoll = []
      for (const callback of callbacks) callback()
    },
    nextAt: () => first()?.atMonoMs ?? Infinity,
  }
}
