import { closeSync, readSync } from 'node:fs'
import { errnoOf } from '../lib/errors.ts'
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
  return new WatchedPipe(fd, space, readiness, listener)
}

/** A class because there are two for each instance: the functions of all are the same ones. */
class WatchedPipe implements PipeReader {
  readonly #fd: number
  readonly #space: Uint8Array
  readonly #readiness: Readiness
  readonly #listener: PipeListener
  #isPaused = false
  #isWatched = false
  #isOver = false

  constructor(fd: number, space: Uint8Array, readiness: Readiness, listener: PipeListener) {
    this.#fd = fd
    this.#space = space
    this.#readiness = readiness
    this.#listener = listener
    this.#watch()
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    if (!this.#isWatched && !this.#isOver) this.#watch()
  }

  catchUp(): void {
    if (!this.#isOver) this.#readWhatIsThere()
  }

  release(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#rest()
    try {
      this.#readWhatIsThere()
    } finally {
      setImmediate(() => this.#close())
    }
  }

  #watch(): void {
    this.#isWatched = true
    this.#readiness.onReadable(this.#fd, () => {
      if (!this.#isPaused && this.#readOnce() === end) this.#close()
      // Only who has something to say is taken out while it is paused.
      else if (this.#isPaused) this.#rest()
    })
  }

  #rest(): void {
    if (this.#isWatched) this.#readiness.forget(this.#fd)
    this.#isWatched = false
  }

  #readOnce(): number {
    const length = readNow(this.#fd, this.#space)
    if (length > 0) this.#listener.read(length)
    return length
  }

  #readWhatIsThere(): void {
    for (let total = 0; total < largestPipeBytes; ) {
      const length = this.#readOnce()
      if (length <= 0) return
      total += length
    }
  }

  #close(): void {
    this.#isOver = true
    this.#rest()
    closeSync(this.#fd)
    this.#listener.end()
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
    return errnoOf(error) === 'EAGAIN' ? 0 : end
  }
}
