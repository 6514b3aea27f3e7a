import { readSync } from 'node:fs'
import { errnoOf } from '../lib/errors.ts'

/** What a pipe holds by default: see pipe(7). */
const space = /* @__PURE__ */ Buffer.allocUnsafeSlow(65_536)

/** What is in a pipe that does not block, good until the next call; null at its end. A pipe that cannot be read is at its end. */
export function readNow(fd: number): Buffer | null {
  try {
    const length = readSync(fd, space)
    return length === 0 ? null : space.subarray(0, length)
  } catch (error) {
    return errnoOf(error) === 'EAGAIN' ? space.subarray(0, 0) : null
  }
}
