/** Ends each piece of a split line but the last. */
export const splitMark = Buffer.from('[...]')

/**
 * Memory that all pipes are read into: reads come one after the other. In front of it there is room for the begin of a line that
 * came earlier, so that what is read is put together without being copied.
 */
export interface ReadBuffer {
  readonly space: Buffer
  /** The first `length` bytes of `space` behind `begin`. */
  join(begin: Uint8Array, length: number): Buffer
}

/** For reads of so many bytes, and lines of so many. */
export function createReadBuffer(readBytes: number, maxLineBytes: number): ReadBuffer {
  const all = Buffer.allocUnsafeSlow(maxLineBytes + readBytes)
  return {
    space: all.subarray(maxLineBytes),
    join(begin, length) {
      all.set(begin, maxLineBytes - begin.length)
      return all.subarray(maxLineBytes - begin.length, maxLineBytes + length)
    },
  }
}

/** Makes whole lines of what is read. What it returns is good until the next read. */
export interface LineBuffer {
  /** Whole lines, each with its newline, or nothing when the first `length` bytes of the read buffer complete none. */
  push(length: number): Buffer
  /** What is left after the last newline, as a line; nothing when nothing is. */
  end(): Buffer
}

/** `maxBytes`: the most of a line, without its newline; a longer one is split. */
export function createLineBuffer(read: ReadBuffer, maxBytes: number): LineBuffer {
  return new SplitLines(read, maxBytes)
}

/** A class, and the next one too, because there are two for each instance: the functions of all are the same ones. */
class SplitLines implements LineBuffer {
  readonly #read: ReadBuffer
  readonly #maxBytes: number
  readonly #rest: Rest

  constructor(read: ReadBuffer, maxBytes: number) {
    this.#read = read
    this.#maxBytes = maxBytes
    this.#rest = new Rest(maxBytes)
  }

  push(length: number): Buffer {
    const chunk = this.#read.space.subarray(0, length)
    const end = chunk.lastIndexOf(newline) + 1
    // A child that writes byte by byte: no look at what is there already.
    if (end === 0 && this.#rest.length + length <= this.#maxBytes) {
      this.#rest.add(chunk)
      return nothing
    }
    const begin = this.#rest.take()
    const all = this.#read.join(begin, length)
    const pieces = splitLongLines(all, this.#maxBytes)
    const last = pieces?.pop() ?? all
    const lines = last.subarray(0, last.lastIndexOf(newline) + 1)
    this.#rest.add(last.subarray(lines.length))
    return pieces ? Buffer.concat([...pieces, lines]) : lines
  }

  end(): Buffer {
    const last = this.#rest.take()
    return last.length === 0 ? nothing : Buffer.concat([last, lineEnd])
  }
}

/** The begin of a line, until its end is read. */
class Rest {
  readonly #maxBytes: number
  #memory: Buffer = nothing
  #length = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  get length(): number {
    return this.#length
  }

  add(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    const length = this.#length + bytes.length
    if (length > this.#memory.length) {
      const larger = Buffer.allocUnsafeSlow(Math.min(this.#maxBytes, Math.max(256, 2 * length)))
      this.#memory.copy(larger, 0, 0, this.#length)
      this.#memory = larger
    }
    this.#memory.set(bytes, this.#length)
    this.#length = length
  }

  /** All of it, good until the next `add`; nothing is left. */
  take(): Uint8Array {
    const all = this.#memory.subarray(0, this.#length)
    // Most streams end most of their writes with a line: what is idle keeps no memory.
    if (this.#memory.length > mostKeptBytes) this.#memory = nothing
    this.#length = 0
    return all
  }
}

/** The pieces with their marks, the last of which ends with what begins the next line; null when no line is too long. Looks at one place in `maxBytes`, not at each line. */
function splitLongLines(all: Buffer, maxBytes: number): Buffer[] | null {
  let pieces: Buffer[] | null = null
  let done = 0
  for (let at = 0; all.length - at > maxBytes; ) {
    const end = all.subarray(at, at + maxBytes + 1).lastIndexOf(newline) + 1
    if (end > 0) {
      at += end
      continue
    }
    at = characterStart(all, at + maxBytes)
    pieces ??= []
    pieces.push(all.subarray(done, at), splitMark, lineEnd)
    done = at
  }
  pieces?.push(all.subarray(done))
  return pieces
}

/** The last place at or before `at` that is not inside of a UTF-8 character; `at` itself when that is no UTF-8. */
function characterStart(bytes: Uint8Array, at: number): number {
  for (let start = at; start > at - 4; start -= 1) {
    if (((bytes[start] ?? 0) & 0xc0) !== 0x80) return start
  }
  return at
}

const newline = 10
const lineEnd = Buffer.from('\n')
const nothing = Buffer.alloc(0)
const mostKeptBytes = 4096
