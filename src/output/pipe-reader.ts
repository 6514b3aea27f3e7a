import { closeSync, readSync } from 'node:fs'
import type { Readiness } from '../ports/readiness.ts'

/** Reads one pipe to its end and closes it. */
export interface PipeReader {
  pause(): void
  resume(): void
  /** Reads what is in the pipe now, also when it is paused. */
  catchUp(): void
  /** Reads what is in the pipe now, then ends, whoever else holds it. */
  release(): void
}

export interface PipeListener {
  /** So many bytes have been read into `space`. */
  read(length: number): void
  /** Called once, and not before {@link readPipe} has returned; the descriptor is closed. */
  end(): void
}

/** `fd`, which does not block, is the reader's from now on. `space` may be shared by all readers: it is used only within a call. */
export function readPipe(
  fd: number,
  space: Uint8Array,
  readiness: Readiness,
  listener: PipeListener,
): PipeReader {
  let isPaused = false
  let isWatched = false
  let isOver = false

  function watch(): void {
    isWatched = true
    readiness.onReadable(fd, () => {
      if (!isPaused && readOnce() === end) close()
      // Only who has something to say is taken out while it is paused.
      else if (isPaused) rest()
    })
  }

  function rest(): void {
    if (isWatched) readiness.forget(fd)
    isWatched = false
  }

  function readOnce(): number {
    const length = readNow(fd, space)
    if (length > 0) listener.read(length)
    return length
  }

  function readWhatIsThere(): void {
    for (let total = 0; total < largestPipeBytes; ) {
      const length = readOnce()
      if (length <= 0) return
      total += length
    }
  }

  function close(): void {
    isOver = true
    rest()
    closeSync(fd)
    listener.end()
  }

  watch()
  return {
    pause() {
      isPaused = true
    },
    resume() {
      isPaused = false
      if (!isWatched && !isOver) watch()
    },
    catchUp() {
      if (!isOver) readWhatIsThere()
    },
    release() {
      if (isOver) return
      isOver = true
      rest()
      try {
        readWhatIsThere()
      } finally {
        setImmediate(close)
      }
    },
  }
}

/** The most that a pipe holds unless root made it larger: fs.pipe-max-size in proc(5). A writer that never stops is cut off here. */
const largestPipeBytes = 1 << 20
const end = -1

/** Bytes read without waiting; 0 when nothing is there, {@link end} at the end. A pipe that cannot be read is at its end. */
function readNow(fd: number, space: Uint8Array): number {
  try {
    return readSync(fd, space) || end
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EAGAIN' ? 0 : end
  }
}
