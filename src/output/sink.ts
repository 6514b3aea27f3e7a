import { constants } from 'node:os'
import { getSystemErrorName } from 'node:util'
import type { Clock } from '../ports/clock.ts'
import { createFlush } from './flush.ts'

/** Where whole lines go: one file descriptor that others may share, written without ever waiting for its reader. */
export interface Sink {
  /** Adds one who writes here. */
  open(options: WriterOptions): SinkWriter
  /** The last write was refused: the reader is gone, or the disk is full. The next one is tried all the same. */
  readonly isRefusing: boolean
  /** Resolves when everything is written, or after `deadlineMs`. */
  flush(deadlineMs: number): Promise<void>
}

/** One of those who share a sink. What waits of its lines has a bound of its own, so that no other keeps them out. */
export interface SinkWriter {
  /** Takes whole lines; they are kept in order and never torn, and dropped where twice the limit waits. `onDropped` must not write. */
  write(lines: Uint8Array, onDropped: OnDropped): void
  /** The limit is reached: write again after `onDrain`. */
  readonly isFull: boolean
}

export interface WriterOptions {
  /** Kept in memory before the writer is told to stop. */
  readonly limitBytes: number
  /** Called each time the writer was full and has room again. */
  readonly onDrain: () => void
}

/** Hears of lines that nobody will read whole, and why: the name of an errno such as EPIPE, or `full`. */
export type OnDropped = (lines: number, reason: string) => void

export interface SinkOptions {
  readonly fd: number
  /** Writes what `fd` takes now, of at most 64 chunks: bytes, or a negative errno. */
  readonly write: (fd: number, chunks: readonly Uint8Array[]) => number
  readonly clock: Clock
}

/** The one owner of `fd`: everything written to it goes through here. */
export function createSink({ fd, write, clock }: SinkOptions): Sink {
  const writers: Writer[] = []
  const queue: Entry[] = []
  const flush = createFlush(clock)
  /** Bytes of `queue[0]` that are written. */
  let head = 0
  /** What was written last ends inside of a line whose rest is dropped. */
  let isTorn = false
  let isRefusing = false
  let isRetrying = false
  let retryMs = firstRetryMs

  function pump(): void {
    let hasWritten = false
    isRetrying = false
    while (queue.length > 0 && !isRetrying) {
      const result = write(fd, batch())
      if (result > 0) {
        advance(result)
        hasWritten = true
      } else if (result === 0 || result === -EAGAIN) {
        retry(hasWritten)
      } else if (result !== -EINTR) {
        refuse(getSystemErrorName(result))
      }
    }
    for (const writer of writers) writer.relax()
    if (queue.length === 0) flush.done()
  }

  function batch(): readonly Uint8Array[] {
    const chunks = queue.slice(0, isTorn ? mostChunks - 1 : mostChunks).map(({ bytes }) => bytes)
    if (head > 0 && chunks[0]) chunks[0] = chunks[0].subarray(head)
    return isTorn ? [newline, ...chunks] : chunks
  }

  function advance(written: number): void {
    head += isTorn ? written - newline.length : written
    isTorn = false
    isRefusing = false
    retryMs = firstRetryMs
    let done = 0
    for (const { bytes, writer } of queue) {
      if (head < bytes.length) break
      head -= bytes.length
      writer.forget(bytes)
      done += 1
    }
    queue.splice(0, done)
  }

  /** There is no event for "has room" that leaves the shared descriptor as it is. A reader that took something is likely to take more at once. */
  function retry(hasWritten: boolean): void {
    isRetrying = true
    if (hasWritten) {
      clock.afterPoll(pump)
    } else {
      clock.at(clock.now().monoMs + retryMs, pump)
      retryMs = Math.min(retryMs * 2, lastRetryMs)
    }
  }

  /** Nothing waits for a reader that is gone (EPIPE) or a full disk (ENOSPC) to come back: each write finds out. */
  function refuse(reason: string): void {
    isRefusing = true
    isTorn ||= head > 0 && queue[0]?.bytes[head - 1] !== newline[0]
    for (const { bytes, writer, onDropped } of queue.splice(0)) {
      writer.forget(bytes)
      onDropped(countLines(bytes, head), reason)
      head = 0
    }
  }

  return {
    get isRefusing() {
      return isRefusing
    },
    open(options) {
      const writer = createWriter(options)
      writers.push(writer)
      return {
        get isFull() {
          return writer.isFull
        },
        write(bytes, onDropped) {
          if (bytes.length === 0) return
          if (!writer.keep(bytes)) {
            onDropped(countLines(bytes, 0), 'full')
            return
          }
          queue.push({ bytes, writer, onDropped })
          if (!isRetrying) pump()
        },
      }
    },
    async flush(deadlineMs) {
      if (queue.length > 0) await flush.wait(deadlineMs)
    },
  }
}

interface Entry {
  readonly bytes: Uint8Array
  readonly writer: Writer
  readonly onDropped: OnDropped
}

/** Keeps the account of what waits of one writer. */
export interface Writer {
  readonly isFull: boolean
  /** False: there is no room. */
  keep(bytes: Uint8Array): boolean
  forget(bytes: Uint8Array): void
  /** Ends `isFull` when half of the limit is free, so that the writer is not stopped and started for each line. */
  relax(): void
}

export function createWriter({ limitBytes, onDrain }: WriterOptions): Writer {
  let heldBytes = 0
  let isFull = false
  return {
    get isFull() {
      return isFull
    },
    keep(bytes) {
      if (heldBytes >= 2 * limitBytes) return false
      heldBytes += costOf(bytes)
      isFull ||= heldBytes >= limitBytes
      return true
    },
    forget(bytes) {
      heldBytes -= costOf(bytes)
    },
    relax() {
      if (!isFull || heldBytes > limitBytes / 2) return
      isFull = false
      onDrain()
    },
  }
}

/** In memory: the object around a small chunk is the larger part, 250 bytes on Node.js 20. */
function costOf(bytes: Uint8Array): number {
  return bytes.length + 256
}

/** The lines that end in `bytes`, from `start` on. A call of indexOf() for each costs more than to look at each byte. */
export function countLines(bytes: Uint8Array, start: number): number {
  let lines = 0
  for (let at = start; at < bytes.length; at += 1) if (bytes[at] === newline[0]) lines += 1
  return lines
}

const { EAGAIN, EINTR } = constants.errno
const mostChunks = 64
const firstRetryMs = 1
const lastRetryMs = 16
const newline = Buffer.from('\n')
