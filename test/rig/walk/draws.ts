import { createRandom } from '../random.ts'

/** Chances that a seed repeats. A seed means the same walk only while everything is drawn in the same order. */
export interface Draws {
  /** In [0, 1). */
  readonly random: () => number
  /** A whole number from 0 to `limit` - 1. */
  readonly below: (limit: number) => number
  /** Throws where there is none. */
  readonly oneOf: <T>(values: readonly T[]) => T
}

export function createDraws(seed: number): Draws {
  const random = createRandom(seed)
  const below = (limit: number) => Math.floor(random() * limit)
  return {
    random,
    below,
    oneOf(values) {
      const value = values[below(values.length)]
      if (value === undefined) throw new Error('nothing to choose from')
      return value
    },
  }
}
