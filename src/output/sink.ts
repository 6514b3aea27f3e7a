import { constants } from 'node:os'
import { getSystemErrorName } from 'node:util'
import type { Clock } from '../ports/clock.ts'
import type { Readiness } from '../ports/readiness.ts'
import { byteAt, countLines, createBacklog } from './backlog.ts'
import { createFlush } from './flush.ts'
import type { Formatter } from './format.ts'
import { createWriter, type Writer, type WriterOptions } from './writer.ts'

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
  /** Takes whole lines, formatted, and copies what it keeps; they stay in order and are never torn. All are dropped where the most waits already. `onDropped` must not write. */
  write(lines: Buffer, onDropped: OnDropped, format?: Formatter): void
  /** The limit is reached: write again after `onDrain`. */
  readonly isFull: boolean
}

/** Hears of lines that nobody will read whole, and why: the name of an errno such as EPIPE, or `full`. */
export type OnDropped = (lines: number, reason: string) => void

export interface SinkOptions {
  readonly fd: number
  /** Writes what `fd` takes now, of at most 64 chunks: bytes, or a negative errno. */
  readonly write: (fd: number, chunks: readonly Uint8Array[]) => number
  readonly readiness: Pick<Readiness, 'onceWritable'>
  readonly clock: Clock
}

/** The one owner of `fd`: everything written to it goes through here. */
export function createSink({ fd, write, readiness, clock }: SinkOptions): Sink {
  const writers: Writer[] = []
  const backlog = createBacklog<Owner>()
  const flush = createFlush(clock)
  /** What was written last ends inside of a line. */
  let isInside = false
  /** … whose rest is dropped. */
  let isTorn = false
  let isRefusing = false
  let isWaiting = false
  let retryMs = firstRetryMs

  /** Bytes of `chunks` that are taken now, or a negative errno. */
  function writeNow(chunks: readonly Uint8Array[]): number {
    let result: number
    do {
      result = write(fd, isTorn ? [newline, ...chunks] : chunks)
    } while (result === -EINTR)
    if (result <= 0) return result || -EAGAIN
    const written = isTorn ? result - newline.length : result
    isTorn = false
    isRefusing = false
    retryMs = firstRetryMs
    if (written > 0) isInside = byteAt(chunks, written - 1) !== newline[0]
    return written
  }

  /** `wasTold`: that there is room. */
  function pump(wasTold: boolean): void {
    let hasWritten = false
    isWaiting = false
    while (backlog.length > 0 && !isWaiting) {
      const chunks = backlog.pieces(mostChunks - 1)
      const result = writeNow(chunks)
      if (result >= 0) {
        hasWritten = true
        backlog.take(result, ({ writer }, cost) => writer.forget(cost))
        // What takes a part is full.
        if (byteAt(chunks, result) !== undefined) wait(true, true)
      } else if (result === -EAGAIN) {
        wait(hasWritten, hasWritten || !wasTold)
      } else {
        refuse(getSystemErrorName(result))
      }
    }
    for (const writer of writers) writer.relax()
    if (backlog.length === 0) flush.done()
  }

  /** `mayBeTold` is false where it was told that there is room, and there was none. */
  function wait(hasWritten: boolean, mayBeTold: boolean): void {
    isWaiting = true
    if (mayBeTold && readiness.onceWritable(fd, () => pump(true))) return
    if (hasWritten) {
      clock.afterPoll(() => pump(false))
    } else {
      clock.at(clock.now().monoMs + retryMs, () => pump(false))
      retryMs = Math.min(retryMs * 2, lastRetryMs)
    }
  }

  function put(bytes: Uint8Array, owner: Owner): void {
    const written = backlog.length > 0 ? 0 : writeNow([bytes])
    if (written === bytes.length) return
    if (written < 0 && written !== -EAGAIN) {
      const reason = getSystemErrorName(written)
      refuse(reason)
      owner.onDropped(countLines(bytes), reason)
      return
    }
    owner.writer.keep(backlog.add(written > 0 ? bytes.subarray(written) : bytes, owner))
    if (!isWaiting) wait(written >= 0, true)
  }

  /** Nothing waits for a reader that is gone (EPIPE) or a full disk (ENOSPC) to come back: each write finds out. */
  function refuse(reason: string): void {
    isRefusing = true
    isTorn ||= isInside
    isInside = false
    backlog.drop(({ writer, onDropped }, cost, lines) => {
      writer.forget(cost)
      onDropped(lines, reason)
    })
  }

  return {
    get isRefusing() {
      return isRefusing
    },
    open(options) {
      const writer = createWriter(options)
      writers.push(writer)
      let owner: Owner = { writer, onDropped() {} }
      return {
        get isFull() {
          return writer.isFull
        },
        write(lines, onDropped, format) {
          if (lines.length === 0) return
          if (owner.onDropped !== onDropped) owner = { writer, onDropped }
          if (!writer.hasRoom) onDropped(countLines(lines), 'full')
          else if (format) format(lines, (bytes) => put(bytes, owner))
          else put(lines, owner)
        },
      }
    },
    async flush(deadlineMs) {
      if (backlog.length > 0) await flush.wait(deadlineMs)
    },
  }
}

/** Whose bytes wait. */
interface Owner {
  readonly writer: Writer
  readonly onDropped: OnDropped
}

const { EAGAIN, EINTR } = constants.errno
const mostChunks = 64
const firstRetryMs = 1
const lastRetryMs = 16
const newline = Buffer.from('\n')
