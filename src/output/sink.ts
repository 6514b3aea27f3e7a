import { constants } from 'node:os'
import type { Clock } from '../ports/clock.ts'

/** Where whole lines go: one file descriptor that others may share, written without ever waiting for its reader. */
export interface Sink {
  /** Takes whole lines; they are kept in order and never torn. False: full, write again after {@link onDrain}. */
  write(lines: Uint8Array): boolean
  readonly isFull: boolean
  /** Bytes that nobody will read: the descriptor refused them, or a writer did not stop at twice the limit. */
  readonly droppedBytes: number
  /** Calls `listener` each time a full sink has room again. */
  onDrain(listener: () => void): void
  /** Resolves when everything is written, or after `deadlineMs`. */
  flush(deadlineMs: number): Promise<void>
}

export interface SinkOptions {
  readonly fd: number
  /** Writes what `fd` takes now, of at most 64 chunks: bytes, or a negative errno. */
  readonly write: (fd: number, chunks: readonly Uint8Array[]) => number
  readonly clock: Clock
  /** Kept in memory before writers are told to stop; 1 MiB when not given. */
  readonly limitBytes?: number
}

/** The one owner of `fd`: everything written to it goes through here. */
export function createSink({ fd, write, clock, limitBytes = 1 << 20 }: SinkOptions): Sink {
  const queue: Uint8Array[] = []
  const drainListeners: (() => void)[] = []
  const flushed: (() => void)[] = []
  let queuedBytes = 0
  let droppedBytes = 0
  let isFull = false
  let isRetrying = false
  let retryMs = firstRetryMs
  /** Bytes of `queue[0]` that are written. */
  let head = 0
  /** The last line that arrived is not whole. */
  let isTorn = false

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
        dropAll()
      }
    }
    if (isFull && queuedBytes <= limitBytes / 2) {
      isFull = false
      for (const listener of drainListeners) listener()
    }
    if (queue.length === 0) for (const resolve of flushed.splice(0)) resolve()
  }

  function batch(): readonly Uint8Array[] {
    const chunks = queue.slice(0, mostChunks)
    if (head > 0 && chunks[0]) chunks[0] = chunks[0].subarray(head)
    return chunks
  }

  function advance(bytes: number): void {
    queuedBytes -= bytes
    head += bytes
    let done = 0
    for (const chunk of queue) {
      if (head < chunk.length) break
      head -= chunk.length
      done += 1
    }
    queue.splice(0, done)
    retryMs = firstRetryMs
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

  /** A reader that is gone (EPIPE) or a full disk (ENOSPC) may be back at the next write, so each one is tried. */
  function dropAll(): void {
    isTorn ||= head > 0
    droppedBytes += queuedBytes
    queue.length = queuedBytes = head = 0
  }

  function push(bytes: Uint8Array): void {
    queue.push(bytes)
    queuedBytes += bytes.length
  }

  return {
    get isFull() {
      return isFull
    },
    get droppedBytes() {
      return droppedBytes
    },
    write(lines) {
      if (lines.length === 0) return !isFull
      if (queuedBytes >= 2 * limitBytes) {
        droppedBytes += lines.length
        return false
      }
      if (isTorn) push(newline)
      isTorn = false
      push(lines)
      isFull ||= queuedBytes >= limitBytes
      if (!isRetrying) pump()
      return !isFull
    },
    onDrain(listener) {
      drainListeners.push(listener)
    },
    async flush(deadlineMs) {
      if (queue.length === 0) return
      await new Promise<void>((resolve) => {
        const cancel = clock.at(clock.now().monoMs + deadlineMs, resolve)
        flushed.push(() => {
          cancel()
          resolve()
        })
      })
    },
  }
}

const { EAGAIN, EINTR } = constants.errno
const mostChunks = 64
const firstRetryMs = 1
const lastRetryMs = 16
const newline = Buffer.from('\n')
