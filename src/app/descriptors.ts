import { openSync } from 'node:fs'
import { ownHardLimit } from '../os/resources.ts'

/** What is loaded late opens one file at a time, and the event loop takes one. */
const mostReserved = 4
/** The children may take all the descriptors there are before everything is loaded. */
export function reserveDescriptors(): readonly number[] {
  const reserve: number[] = []
  try {
    for (let count = 0; count < mostReserved; count++) reserve.push(openSync('/dev/null', 'r'))
  } catch {
    // There are hardly any: what is loaded may still find its one.
  }
  return reserve
}

/** The endpoint takes at most a quarter of the descriptors: processes need them. */
export function mostConnections(): number {
  const quarter = Math.floor(ownHardLimit('nofile') / 4)
  return Number.isNaN(quarter) ? 512 : Math.max(1, Math.min(512, quarter))
}
