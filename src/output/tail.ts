/** Keeps the last bytes of what was read of one stream, run after run: no memory until there is something. */
export interface Tail {
  push(bytes: Uint8Array): void
  /** What is kept of all but the first `since` bytes, as latin1, from the begin of a line on where a part of one would be first. */
  text(since?: number): string
}

export function createTail(limitBytes: number): Tail {
  let ring: Buffer | undefined
  let total = 0
  return {
    push(bytes) {
      ring ??= Buffer.allocUnsafeSlow(limitBytes)
      const kept = bytes.length > limitBytes ? bytes.subarray(-limitBytes) : bytes
      total += bytes.length
      const start = (total - kept.length) % limitBytes
      const fits = Math.min(kept.length, limitBytes - start)
      ring.set(kept.subarray(0, fits), start)
      if (fits < kept.length) ring.set(kept.subarray(fits), 0)
    },
    text(since = 0) {
      if (ring === undefined) return ''
      const first = Math.max(since, total - limitBytes)
      if (first === total) return ''
      const [start, end] = [first % limitBytes, total % limitBytes]
      const kept =
        start < end
          ? ring.toString('latin1', start, end)
          : ring.toString('latin1', start) + ring.toString('latin1', 0, end)
      return first === since ? kept : kept.slice(kept.indexOf('\n') + 1)
    },
  }
}
