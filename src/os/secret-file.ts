import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { isSupervisorError, SupervisorError } from '../lib/errors.ts'

/** A file whose path is written in `field`. */
export interface NamedFile {
  readonly field: string
  readonly path: string
}

/**
 * What a file says. One that is `secret` is refused where every user can read or change it. Throws `START_REFUSED`, with nothing of what
 * is in it.
 */
export function readNamedFile(file: NamedFile, secret: 'secret' | 'public'): string {
  let fd: number | undefined
  try {
    // A FIFO would have us wait for whoever writes into it.
    fd = openSync(file.path, constants.O_RDONLY | constants.O_NONBLOCK)
    const status = fstatSync(fd)
    if (!status.isFile()) throw refuseFile(file, 'it is no file')
    if (secret === 'secret' && (status.mode & 0o006) !== 0) {
      const mode = (status.mode & 0o777).toString(8)
      throw refuseFile(file, `every user can read or change it (mode ${mode}): chmod o-rw`)
    }
    const bytes = Buffer.alloc(mostBytes + 1)
    const length = readSync(fd, bytes)
    if (length > mostBytes) throw refuseFile(file, `it has more than ${mostBytes / 1024} KiB`)
    return bytes.toString('utf8', 0, length)
  } catch (error) {
    if (isSupervisorError(error)) throw error
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    throw refuseFile(file, reasons[code] ?? code, error)
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}

/** Why a start is refused for a file. */
export function refuseFile(
  { field, path }: NamedFile,
  why: string,
  cause?: unknown,
): SupervisorError {
  return new SupervisorError('START_REFUSED', `cannot use ${field} ${path}: ${why}`, { cause })
}

/** More than any token, key or chain of certificates. */
const mostBytes = 262_144

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'Ringmaster may not read it',
}
