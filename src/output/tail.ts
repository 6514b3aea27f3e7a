/** Keeps the last bytes of what was read of one stream, run after run: no memory until there is something. */
export interface Tail {
  push(bytes: Uint8Array): void
  /** What is kept of all but the first `since` bytes, as latin1, from the begin of a line on where a part of one would be first and others follow. */
  text(since?: number): string
}

export function createTail(limitBytes: number): Tail {
  return new Ring(limitBytes)
}

/** A class because there are two for each instance: the functions of all are the same ones. */
class Ring implements Tail {
  readonly #limitBytes: number
  #bytes: Buffer | undefined
  #total = 0

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  push(bytes: Uint8Array): void {
    const limitBytes = this.#limitBytes
    this.#bytes ??= Buffer.allocUnsafeSlow(limitBytes)
    const kept = bytes.length > limitBytes ? bytes.subarray(-limitBytes) : bytes
    this.#total += bytes.length
    const start = (this.#total - kept.length) % limitBytes
    const fits = Math.min(kept.length, limitBytes - start)
    this.#bytes.set(kept.subarray(0, fits), start)
    if (fits < kept.length) this.#bytes.set(kept.subarray(fits), 0)
  }

  text(since = 0): string {
    const [ring, total, limitBytes] = [this.#bytes, this.#total, this.#limitBytes]
    if (ring === undefined) return ''
    const first = Math.max(since, total - limitBytes)
    if (first === total) return ''
    const [start, end] = [first % limitBytes, total % limitBytes]
    const kept =
      start < end
        ? ring.toString('latin1', start, end)
        : ring.toString('latin1', start) + ring.toString('latin1', 0, end)
    const begin = first === since ? 0 : kept.indexOf('\n') + 1
    // Of one long line, such as a stack in JSON, its end is better than nothing.
    return begin < kept.length ? kept.slice(begin) : kept
  }
}
