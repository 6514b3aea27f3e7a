import { constants, type Stats } from 'node:fs'
import { constants as numbers } from 'node:os'
import type { Moment } from '../core/events.ts'
import { errnoOf } from '../lib/errors.ts'
import { fileCalls } from '../lib/file-calls.ts'

/** What is done with files, all of it in the thread pool. Rejects with the errors of node:fs. */
export interface Disk {
  open(path: string, flags: number): Promise<number>
  /** `path`, or the descriptor of an open file. */
  stat(file: string | number): Promise<Stats>
  /** Resolves with the bytes that were written: all of them, as a rule. */
  write(fd: number, chunks: readonly Uint8Array[]): Promise<number>
  read(fd: number, buffer: Uint8Array, position: number): Promise<number>
  close(fd: number): Promise<void>
  /** The names of what is in `folder`, but those of folders. */
  list(folder: string): Promise<readonly string[]>
  rename(from: string, to: string): Promise<void>
  unlink(path: string): Promise<void>
  /** False: another descriptor of this file, in whatever process, is locked in a way that forbids it. Where nothing can be locked it is true. */
  lock(fd: number, how: 'shared' | 'alone'): boolean
}

/** Locks the file of `fd` (flock) until it is closed, and returns a negative errno, EAGAIN where others have it, or 0. Does not wait for them. */
export type Lock = (fd: number, shared: 0 | 1) => number

/** Our user writes, our group reads. */
export const logMode = 0o640
const { EAGAIN } = numbers.errno
const { O_RDWR, O_CREAT, O_APPEND, O_NOFOLLOW, O_NONBLOCK, O_NOCTTY } = constants
/** O_RDWR: the last byte is looked at. O_NOFOLLOW: where Ringmaster is root, who owns the folder shall not lead it elsewhere. */
export const logFlags = O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY

/** At most `most` calls are on their way at a time, so that a disk that hangs leaves some of the four threads to others. */
export function createDisk(lock: Lock, most = 2): Disk {
  const waiting: (() => void)[] = []
  let free = most
  const inTurn =
    <A extends unknown[], R>(call: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      if (free > 0) free -= 1
      else await new Promise<void>((resolve) => waiting.push(resolve))
      try {
        return await call(...args)
      } finally {
        const next = waiting.shift()
        if (next) next()
        else free += 1
      }
    }
  return {
    open: inTurn((path, flags) => fileCalls().open(path, flags, logMode)),
    stat: inTurn((file) =>
      typeof file === 'string' ? fileCalls().stat(file) : fileCalls().fstat(file),
    ),
    write: inTurn(async (fd, chunks) => (await fileCalls().writev(fd, chunks)).bytesWritten),
    read: inTurn(
      async (fd, buffer, at) =>
        (await fileCalls().read(fd, buffer, 0, buffer.length, at)).bytesRead,
    ),
    close: inTurn((fd) => fileCalls().close(fd)),
    list: inTurn(async (folder) => {
      const entries = await fileCalls().readdir(folder, { withFileTypes: true })
      return entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name)
    }),
    rename: inTurn((from, to) => fileCalls().rename(from, to)),
    unlink: inTurn((path) => fileCalls().unlink(path)),
    lock: (fd, how) => lock(fd, how === 'shared' ? 1 : 0) !== -EAGAIN,
  }
}

/** A log that is open for appending. */
export interface OpenFile {
  readonly fd: number
  readonly dev: number
  readonly ino: number
  size: number
  readonly bornMonoMs: number
  /** It ends inside of a line: the disk was full, or Ringmaster was killed. */
  isTorn: boolean
}

export async function openLog(path: string, now: Moment, disk: Disk): Promise<OpenFile> {
  const fd = await disk.open(path, logFlags)
  try {
    const { dev, ino, size, birthtimeMs } = await disk.stat(fd)
    const last = Buffer.alloc(1)
    const isTorn = size > 0 && (await disk.read(fd, last, size - 1)) === 1 && last[0] !== 10
    const ageMs = size > 0 ? Math.max(0, now.wallMs - birthtimeMs) : 0
    return { fd, dev, ino, size, bornMonoMs: now.monoMs - ageMs, isTorn }
  } catch (error) {
    await disk.close(fd)
    throw error
  }
}

/** Whether `path` is still the name of `file`; what others did to its size is taken over. */
export async function isStillAt(path: string, file: OpenFile, disk: Disk): Promise<boolean> {
  try {
    const { dev, ino, size } = await disk.stat(path)
    file.size = size
    return dev === file.dev && ino === file.ino
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false
    throw error
  }
}

/** Removes `path`, if it is there. */
export async function remove(path: string, disk: Disk): Promise<void> {
  try {
    await disk.unlink(path)
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error
  }
}
