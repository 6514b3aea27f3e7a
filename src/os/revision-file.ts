import {
  closeSync,
  constants,
  fstatSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmdirSync,
  type Stats,
  statSync,
} from 'node:fs'
import { join } from 'node:path'
import type { Past } from '../core/state.ts'
import { errnoOf, messageOf, SupervisorError } from '../lib/errors.ts'
import { fileCalls } from '../lib/file-calls.ts'
import { decode, encode } from './revision-text.ts'

/** Why revisions cannot be kept in `folder` by who we are, for a reason that stays; undefined: they can. Tried out: access(2) asks for the real user. */
export function whyNotKept(folder: string): string | undefined {
  try {
    if (!statSync(folder).isDirectory()) return 'it is no folder'
    // To lock it, and to have what is in it on the disk.
    if (!isReadable(folder)) return 'Ringmaster may not read it'
    rmdirSync(mkdtempSync(join(folder, '.ringmaster-')))
  } catch (error) {
    // What is no reason of these, such as a full disk, may be otherwise later.
    const why = lasting[errnoOf(error)]
    if (why !== undefined) return why
  }
  return isReadable(pathIn(folder)) ? undefined : `Ringmaster may not read its ${fileName}`
}

/** False where it is forbidden; what else is wrong with it is another matter. */
function isReadable(path: string): boolean {
  try {
    closeSync(openSync(path, readFlags))
    return true
  } catch (error) {
    return errnoOf(error) !== 'EACCES'
  }
}

/**
 * What was kept in `folder`. What is not as we wrote it is set aside, and `tell` hears why: nothing of it is believed. Throws `START_REFUSED` where
 * nothing can be kept, or read.
 */
export function readRevisions(folder: string, tell: (problem: string) => void): readonly Past[] {
  const why = whyNotKept(folder)
  if (why !== undefined) {
    throw new SupervisorError(
      'START_REFUSED',
      `cannot keep revisions in stateDir ${folder}: ${why}. Mount a folder there that user ${process.geteuid?.()} can write, or set stateDir: null`,
    )
  }
  const path = pathIn(folder)
  const found = read(path)
  if (typeof found !== 'string') return found
  try {
    renameSync(path, `${path}.bad`)
    tell(`${path} is set aside as ${path}.bad: ${found}. Revisions begin anew`)
  } catch (error) {
    tell(`cannot use ${path}: ${found}; it cannot be set aside: ${errnoOf(error)}`)
  }
  return []
}

/**
 * Puts a file with `past` in the place of the one in `folder` when all of it is on the disk, so that there is always a whole one. All of it is done in
 * the thread pool, one call at a time: a disk that hangs keeps one of its four threads, and not the event loop. Rejects with the errors of node:fs.
 */
export async function writeRevisions(folder: string, past: readonly Past[]): Promise<void> {
  const path = pathIn(folder)
  const draft = `${path}.new`
  // A Ringmaster that was killed may have left one.
  await fileCalls().unlink(draft).catch(unlessMissing)
  try {
    await withFile(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, (fd) => writeAll(fd, past))
    await fileCalls().rename(draft, path)
  } catch (error) {
    // What went wrong first is told; what is in the way of this is so too next time.
    await fileCalls()
      .unlink(draft)
      .catch(() => {})
    throw error
  }
  // Without it a loss of power may bring the old one back.
  await withFile(folder, O_RDONLY | O_DIRECTORY, (fd) => fileCalls().fsync(fd).catch(unlessUnable))
}

/** There are more revisions than a file may have: there is no use in trying again. */
export class TooMany extends Error {}

/** More is neither written nor read. */
export const mostBytes = 16_777_216

function pathIn(folder: string): string {
  return join(folder, fileName)
}

const fileName = 'revisions.jsonl'

function read(path: string): readonly Past[] | string {
  let fd: number | undefined
  try {
    fd = openSync(path, readFlags)
    const status = fstatSync(fd)
    if (!status.isFile()) return 'it is no file'
    const why = whyNotTrusted(status)
    if (why !== undefined) return why
    if (status.size > mostBytes) return `it has more than ${mostBytes} bytes`
    return decode(readFileSync(fd))
  } catch (error) {
    return errnoOf(error) === 'ENOENT' ? [] : messageOf(error)
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}

/** Who can write what an undo executes has the rights that it is executed with. */
function whyNotTrusted({ uid, mode }: Stats): string | undefined {
  const own = process.geteuid?.()
  if (uid !== 0 && uid !== own) return `it is of user ${uid}`
  // The kubelet has the group of a pod (fsGroup) write all files of its volumes. Processes may be of that group, too, but only root has rights that they have not.
  const others = own === 0 ? 0o022 : 0o002
  return (mode & others) === 0 ? undefined : `others may write it (mode ${toOctal(mode)})`
}

function toOctal(mode: number): string {
  return (mode & 0o777).toString(8)
}

async function writeAll(fd: number, past: readonly Past[]): Promise<void> {
  let written = 0
  for (const bytes of encode(past)) {
    written += bytes.length
    if (written > mostBytes) throw new TooMany(`they take more than ${mostBytes} bytes`)
    for (let done = 0; done < bytes.length; ) {
      done += (await fileCalls().write(fd, bytes, done)).bytesWritten
    }
  }
  await fileCalls().fsync(fd)
}

async function withFile(
  path: string,
  flags: number,
  work: (fd: number) => Promise<void>,
): Promise<void> {
  const fd = await fileCalls().open(path, flags, ownMode)
  try {
    await work(fd)
  } finally {
    await fileCalls().close(fd)
  }
}

function unlessMissing(error: unknown): void {
  if (errnoOf(error) !== 'ENOENT') throw error
}

/** Some network disks cannot do that with a folder. */
function unlessUnable(error: unknown): void {
  if (errnoOf(error) !== 'EINVAL') throw error
}

/** Values of `env` are in it. */
const ownMode = 0o600
const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_DIRECTORY } = constants
/** A link is not followed, and nobody is waited for. */
const readFlags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK

const lasting: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such folder',
  ENOTDIR: 'it is no folder',
  EACCES: 'Ringmaster may not write there',
  EPERM: 'Ringmaster may not write there',
}
