import { isUtf8 } from 'node:buffer'
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { errnoOf } from '../lib/errors.ts'

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

/** Reads a short text file, a pipe too; never throws. */
export function readText(path: string): Reading {
  const buffer = Buffer.allocUnsafe(MAX_BYTES + 1)
  let length = 0
  let identity = ''
  try {
    const fd = openSync(path, 'r')
    try {
      const { dev, ino } = fstatSync(fd)
      identity = `${dev}:${ino}`
      // A pipe gives less than was asked for, and its size is not known before.
      for (let read = -1; read !== 0 && length <= MAX_BYTES; length += read) {
        read = readSync(fd, buffer, length, buffer.length - length, null)
      }
    } finally {
      closeSync(fd)
    }
  } catch (cause) {
    return whyUnreadable(cause)
  }
  if (length > MAX_BYTES)
    return { reason: `it is longer than ${MAX_BYTES} bytes`, isMissing: false }
  const bytes = buffer.subarray(0, length)
  return isUtf8(bytes)
    ? { text: bytes.toString('utf8'), identity }
    : { reason: 'it is not UTF-8', isMissing: false }
}

function whyUnreadable(cause: unknown): Reading {
  switch (errnoOf(cause)) {
    case 'ENOENT':
    case 'ENOTDIR':
      return { reason: 'there is no such file', isMissing: true }
    case 'EISDIR':
      return { reason: 'it is a directory; name a file in it', isMissing: false }
    case 'EACCES':
      return { reason: 'reading it is not permitted', isMissing: false }
    default:
      return { reason: String(cause), isMissing: false }
  }
}
