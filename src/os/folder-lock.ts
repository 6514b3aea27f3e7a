import { constants, openSync } from 'node:fs'
import { getSystemErrorName } from 'node:util'
import { errnoOf } from '../lib/errors.ts'
import { native } from './native.ts'

/**
 * Keeps all others who ask for it out of `folder`, until this process ends, in whatever way: children do not get the descriptor. It is the
 * folder itself that is locked: nothing is written, so that this needs no room on the disk, and nothing stays behind. Returns why it could not
 * be, an errno (EAGAIN: another has it), or null.
 */
export function lockFolder(folder: string): string | null {
  try {
    // Never closed: the kernel takes the lock back with the last descriptor.
    const fd = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY)
    const result = native().lock(fd, 0)
    return result < 0 ? getSystemErrorName(result) : null
  } catch (error) {
    return errnoOf(error)
  }
}
