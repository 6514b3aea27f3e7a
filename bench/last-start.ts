import { setTimeout as sleep } from 'node:timers/promises'
import { takeStamps } from './contenders.ts'

/** From `stamp exec` to the first instruction of the last of so many children, in ms. */
export async function lastStart(count: number): Promise<number> {
  let [began, last] = [Number.NaN, Number.NaN]
  for (let left = count; left > 0; ) {
    // Looking costs, and what is measured stands in the file.
    await sleep(20)
    for (const [word, ms] of takeStamps()) {
      if (word === 'exec') began = ms
      if (word !== 'start') continue
      left -= 1
      last = ms
    }
  }
  return last - began
}
