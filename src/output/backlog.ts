/** Bytes that wait to be written, and whose they are, in order. They are kept in blocks that are used again: nothing is made for each write. */
export interface Backlog<Owner> {
  readonly length: number
  /** Copies `bytes`; returns what they cost in memory. */
  add(bytes: Uint8Array, owner: Owner): number
  /** The first bytes, in at most `most` pieces, good until they are taken. */
  pieces(most: number): Uint8Array[]
  /** Forgets the first `count` bytes, and tells whose they were, and what they cost no more. */
  take(count: number, each: (owner: Owner, cost: number) => void): void
  /** Forgets all in the same way, and tells how many lines end in them. */
  drop(each: (owner: Owner, cost: number, lines: number) => void): void
}

export function createBacklog<Owner>(): Backlog<Owner> {
  const blocks: Buffer[] = []
  /** What is used of the first block begins here, what is used of the last one ends there. */
  let start = 0
  let end = blockBytes
  let length = 0
  let shares: Share<Owner>[] = []

  function forget(count: number): void {
    length -= count
    start += count
    while (blocks.length > 0 && (start >= blockBytes || length === 0)) {
      const block = blocks.shift()
      if (block && spares.length < mostSpares) spares.push(block)
      start = length === 0 ? 0 : start - blockBytes
    }
    if (length === 0) end = blockBytes
  }

  function pieces(most: number): Uint8Array[] {
    return blocks
      .slice(0, most)
      .map((block, i) =>
        block.subarray(i === 0 ? start : 0, i === blocks.length - 1 ? end : blockBytes),
      )
  }

  return {
    get length() {
      return length
    },
    pieces,
    add(bytes, owner) {
      for (let at = 0; at < bytes.length; ) {
        if (end === blockBytes) {
          blocks.push(spares.pop() ?? Buffer.allocUnsafeSlow(blockBytes))
          end = 0
        }
        const part = bytes.subarray(at, at + blockBytes - end)
        blocks[blocks.length - 1]?.set(part, end)
        end += part.length
        at += part.length
      }
      length += bytes.length
      const last = shares[shares.length - 1]
      if (last?.owner === owner) {
        last.bytes += bytes.length
        return bytes.length
      }
      shares.push({ owner, bytes: bytes.length })
      return bytes.length + shareBytes
    },
    take(count, each) {
      forget(count)
      let left = count
      let done = 0
      for (const share of shares) {
        const taken = Math.min(left, share.bytes)
        left -= taken
        share.bytes -= taken
        if (share.bytes > 0) {
          each(share.owner, taken)
          break
        }
        each(share.owner, taken + shareBytes)
        done += 1
      }
      shares.splice(0, done)
    },
    drop(each) {
      const all = pieces(blocks.length)
      const dropped = shares
      // What waits may be another's by the time that `each` returns.
      const lines = dropped.map(({ bytes }) => countFirstLines(all, bytes))
      shares = []
      forget(length)
      for (const [i, { owner, bytes }] of dropped.entries()) {
        each(owner, bytes + shareBytes, lines[i] ?? 0)
      }
    },
  }
}

/** The lines that end in `bytes`. A call of indexOf() for each costs more than to look at each byte. */
export function countLines(bytes: Uint8Array): number {
  let lines = 0
  for (const byte of bytes) if (byte === newline) lines += 1
  return lines
}

/** The byte at `at` of what is in pieces; undefined: they end before. */
export function byteAt(chunks: readonly Uint8Array[], at: number): number | undefined {
  let left = at
  for (const chunk of chunks) {
    if (left < chunk.length) return chunk[left]
    left -= chunk.length
  }
  return undefined
}

/** What each owner has of the bytes, in order. */
interface Share<Owner> {
  readonly owner: Owner
  bytes: number
}

/** Takes the first `count` bytes off `pieces`. */
function countFirstLines(pieces: Uint8Array[], count: number): number {
  let lines = 0
  for (let left = count; left > 0; ) {
    const piece = pieces.shift()
    if (piece === undefined) break
    lines += countLines(piece.subarray(0, left))
    if (piece.length > left) pieces.unshift(piece.subarray(left))
    left -= piece.length
  }
  return lines
}

const newline = 10
/** What a {@link Share} costs. */
const shareBytes = 64
const blockBytes = 65_536
/** Of all backlogs. A new block for each read that finds its sink full is what the garbage collector has most to do with. */
const spares: Buffer[] = []
const mostSpares = 16
