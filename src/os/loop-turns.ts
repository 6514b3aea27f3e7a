import type { LoopTurns } from '../ports/usage.ts'
import { native } from './native.ts'

/** Counts the turns of the event loop from now on. Call once. */
export function timeLoopTurns(): LoopTurns {
  const tallies = new Float64Array(bounds.length + 2)
  native().timeTurns(Float64Array.from(bounds), tallies)
  return {
    bounds,
    counts: tallies.subarray(0, -1),
    get sum() {
      return tallies.at(-1) ?? 0
    },
  }
}

const bounds = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5]
