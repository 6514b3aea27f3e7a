/** Keeps the last bytes of what was read of one stream, run after run: no memory until there is something. */
export interface Tail {
  /** Takes latin1, one character a byte. */
  push(text: string): void
  /** What is kept of all but the first `since` bytes, from the begin of a line on where a part of one would be first. */
  text(since?: number): string
}

export function createTail(limitBytes: number): Tail {
  let ring: Buffer | undefined
  let total = 0
  return {
    push(text) {
      ring ??= Buffer.allocUnsafeSlow(limitBytes)
      const kept = text.length > limitBytes ? text.slice(-limitBytes) : text
      total += text.length
      const start = (total - kept.length) % limitBytes
      const written = ring.write(kept, start, 'latin1')
      if (written < kept.length) ring.write(kept.slice(written), 0, 'latin1')
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
