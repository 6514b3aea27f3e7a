import { constants } from 'node:os'
import { createSink } from '../../src/output/sink.ts'
import type { Readiness } from '../../src/ports/readiness.ts'
import { createManualClock } from './manual-clock.ts'
import { untold } from './readiness.ts'

/** A sink with a descriptor and a clock of its own, one writer, and `open` for more. */
export function createSinkParts(
  limitBytes = 40_000,
  readiness: Pick<Readiness, 'onceWritable'> = untold,
) {
  const descriptor = createDescriptor()
  const clock = createManualClock()
  const sink = createSink({ fd: 1, write: descriptor.write, readiness, clock })
  const open = (limit = limitBytes) => {
    const dropped = { lines: 0, reasons: new Set<string>() }
    const count = { drains: 0 }
    const writer = sink.open({
      limitBytes: limit,
      mostBytes: 2 * limit,
      onDrain: () => (count.drains += 1),
    })
    return {
      dropped,
      count,
      isFull: () => writer.isFull,
      write: (text: string) =>
        writer.write(Buffer.from(text, 'latin1'), (lines, reason) => {
          dropped.lines += lines
          dropped.reasons.add(reason)
        }),
    }
  }
  return { descriptor, clock, sink, open, ...open() }
}

/** A line of 10,000 bytes. */
export const longLine = `${'x'.repeat(9_999)}\n`

/** A descriptor with room for `room` bytes (Infinity: any), or that answers `errno`. */
function createDescriptor() {
  const written: Buffer[] = []
  const descriptor = {
    room: Infinity,
    errno: 0,
    calls: 0,
    text: () => Buffer.concat(written).toString('latin1'),
    write(_fd: number, chunks: readonly Uint8Array[]): number {
      descriptor.calls += 1
      if (chunks.length > 64) throw new Error('more than 64 chunks')
      if (descriptor.errno !== 0) return -descriptor.errno
      if (descriptor.room === 0) return -constants.errno.EAGAIN
      const taken = Buffer.concat(chunks).subarray(0, descriptor.room)
      descriptor.room -= taken.length
      written.push(Buffer.from(taken))
      return taken.length
    },
  }
  return descriptor
}
