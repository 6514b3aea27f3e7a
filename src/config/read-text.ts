import { isUtf8 } from 'node:buffer'
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs'
import { errnoOf, messageOf } from '../lib/errors.ts'

/** Longest file that is read. */
const MAX_BYTES = 1024 * 1024

/** What a file holds, or why it cannot be read. */
export type Reading = TextRead | NothingRead
export interface TextRead {
  readonly text: string
  /** The same for each name of the file. */
  readonly identity: string
}
export interface NothingRead {
  readonly reason: string
  readonly isMissing: boolean
}

/** Reads a short text file; never throws, and waits for nobody: a pipe is refused. */
export function readText(path: string): Reading {
  return read(path, readFile)
}

/** The same, and what comes through a pipe, as of `<(command)` in a shell: that is waited for, a bounded time. Not for who has other things to do. */
export function readTextOrPipe(path: string): Reading {
  // Opened once: who waits to write into a FIFO writes as soon as it is opened, and what is in it is gone when it is closed.
  return read(path, (fd, status) => {
    const isPlain = status.isFile() || status.isDirectory()
    return isPlain ? readFile(fd, status) : readPipe(fd, status.isFIFO())
  })
}

/** `take` returns the bytes of the file that is open, or why there are none. */
function read(path: string, take: (fd: number, status: Stats) => Buffer | string): Reading {
  let fd: number | undefined
  try {
    // A FIFO would have us wait for whoever writes into it.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const status = fstatSync(fd)
    const taken = take(fd, status)
    if (typeof taken === 'string') return { reason: taken, isMissing: false }
    return isUtf8(taken)
      ? { text: taken.toString('utf8'), identity: `${status.dev}:${status.ino}` }
      : { reason: 'it is not UTF-8', isMissing: false }
  } catch (cause) {
    return whyUnreadable(cause)
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}

function readFile(fd: number, status: Stats): Buffer | string {
  if (status.isDirectory()) return 'it is a directory; name a file in it'
  if (!status.isFile()) return 'it is no file'
  return readWith((buffer, length) => readBehind(fd, buffer, length))
}

/** `more` writes what follows behind so many bytes, and returns how many, 0 at the end, or why there are none. */
function readWith(more: (buffer: Buffer, length: number) => number | string): Buffer | string {
  const buffer = Buffer.allocUnsafe(MAX_BYTES + 1)
  let length = 0
  while (length <= MAX_BYTES) {
    const read = more(buffer, length)
    if (typeof read === 'string') return read
    if (read === 0) return buffer.subarray(0, length)
    length += read
  }
  return `it is longer than ${MAX_BYTES} bytes`
}

/** How long nobody may write into a pipe, and how long who does may say nothing, in ms. */
const [writerMs, silenceMs, lookMs] = [1000, 30_000, 10]

function readPipe(fd: number, isFifo: boolean): Buffer | string {
  const nap = new Int32Array(new SharedArrayBuffer(4))
  return readWith((buffer, length) => {
    for (let waitedMs = 0; ; waitedMs += lookMs) {
      const read = readNow(fd, buffer, length)
      // A pipe that nobody has open for writing is at its end; before the first byte somebody may be about to.
      const isAwaited = read === 0 && isFifo && length === 0
      if (read !== undefined && !isAwaited) return read
      if (isAwaited && waitedMs >= writerMs) return 'nobody writes into this pipe'
      if (waitedMs >= silenceMs) return `nothing came through this pipe for ${silenceMs / 1000} s`
      Atomics.wait(nap, 0, 0, lookMs)
    }
  })
}

function readBehind(fd: number, buffer: Buffer, length: number): number {
  return readSync(fd, buffer, length, buffer.length - length, null)
}

/** Undefined: there is nothing now. */
function readNow(fd: number, buffer: Buffer, length: number): number | undefined {
  try {
    return readBehind(fd, buffer, length)
  } catch (error) {
    if (errnoOf(error) === 'EAGAIN') return undefined
    throw error
  }
}

function whyUnreadable(cause: unknown): Reading {
  switch (errnoOf(cause)) {
    case 'ENOENT':
    case 'ENOTDIR':
      return { reason: 'there is no such file', isMissing: true }
    case 'EACCES':
      return { reason: 'reading it is not permitted', isMissing: false }
    default:
      return { reason: messageOf(cause), isMissing: false }
  }
}
