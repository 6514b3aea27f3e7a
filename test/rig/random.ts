import { randomInt } from 'node:crypto'

/** A row of numbers in [0, 1) that a seed repeats (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** RINGMASTER_SEED: a number, or `new` for another one each time. The same without it, so that a red test is of the change that made it red. */
export function chooseSeed(): number {
  const { RINGMASTER_SEED: asked = '1' } = process.env
  return asked === 'new' ? randomInt(2 ** 32) : Number(asked)
}
