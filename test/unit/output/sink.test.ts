import { constants } from 'node:os'
import t from 'tap'
import { createSink } from '../../../src/output/sink.ts'
import { createManualClock } from '../../rig/manual-clock.ts'
import { createRandom, newSeed } from '../../rig/random.ts'

const { EAGAIN, EINTR, EPIPE, ENOSPC } = constants.errno

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
      if (descriptor.room === 0) return -EAGAIN
      const taken = Buffer.concat(chunks).subarray(0, descriptor.room)
      descriptor.room -= taken.length
      written.push(Buffer.from(taken))
      return taken.length
    },
  }
  return descriptor
}

function createParts(limitBytes = 100) {
  const descriptor = createDescriptor()
  const clock = createManualClock()
  const sink = createSink({ fd: 1, write: descriptor.write, clock, limitBytes })
  return { descriptor, clock, sink }
}

t.test('lines are written at once while there is room, and no timer is set', async (t) => {
  const { descriptor, clock, sink } = createParts()
  t.equal(sink.write(Buffer.from('one\n')), true)
  t.equal(sink.write(Buffer.alloc(0)), true)
  t.equal(sink.write(Buffer.from('two\n')), true)
  t.equal(descriptor.text(), 'one\ntwo\n')
  t.equal(descriptor.calls, 2)
  t.equal(clock.nextAt(), Infinity)
})

t.test('the rest of a partial write goes first', async (t) => {
  const { descriptor, clock, sink } = createParts()
  descriptor.room = 2
  sink.write(Buffer.from('one\n'))
  sink.write(Buffer.from('two\n'))
  t.equal(descriptor.text(), 'on')
  descriptor.room = Infinity
  clock.poll()
  t.equal(descriptor.text(), 'one\ntwo\n')
  t.equal(clock.nextAt(), Infinity)
})

t.test('an interrupted write is made again', async (t) => {
  const clock = createManualClock()
  const results = [-EINTR, 4]
  const sink = createSink({ fd: 1, write: () => results.shift() ?? 0, clock })
  t.equal(sink.write(Buffer.from('one\n')), true)
  t.same(results, [])
  t.equal(clock.nextAt(), Infinity)
})

t.test('a full descriptor is tried again after 1, 2, 4, 8, 16, 16 ms', async (t) => {
  const { descriptor, clock, sink } = createParts()
  descriptor.room = 0
  sink.write(Buffer.from('one\n'))
  const waits = []
  for (let i = 0; i < 6; i += 1) {
    const wait = clock.nextAt() - clock.now().monoMs
    waits.push(wait)
    clock.advance(wait)
  }
  t.same(waits, [1, 2, 4, 8, 16, 16])
  descriptor.room = 1
  clock.advance(16)
  clock.poll()
  t.equal(clock.nextAt() - clock.now().monoMs, 1, 'what was taken begins the row anew')
})

t.test('a full sink says so, and calls its listener when half of it is written', async (t) => {
  const { descriptor, clock, sink } = createParts()
  let drains = 0
  sink.onDrain(() => {
    drains += 1
    t.equal(sink.isFull, false)
  })
  descriptor.room = 0
  t.equal(sink.write(Buffer.alloc(99, 'a')), true)
  t.equal(sink.write(Buffer.alloc(1, 'b')), false)
  t.equal(sink.isFull, true)
  descriptor.room = 49
  clock.advance(1)
  t.equal(drains, 0)
  descriptor.room = 1
  clock.poll()
  t.equal(drains, 1)
  t.equal(sink.write(Buffer.alloc(1, 'c')), true)
  descriptor.room = Infinity
  clock.poll()
  t.equal(drains, 1)
  t.equal(descriptor.text(), `${'a'.repeat(99)}bc`)
  t.equal(sink.droppedBytes, 0)
})

t.test('writers that do not stop cannot make it keep more than twice the limit', async (t) => {
  const { descriptor, clock, sink } = createParts(100)
  descriptor.room = 0
  for (let i = 0; i < 1000; i += 1) sink.write(Buffer.from('123456789\n'))
  t.equal(sink.droppedBytes, 10_000 - 200)
  descriptor.room = Infinity
  clock.advance(1)
  t.equal(descriptor.text(), '123456789\n'.repeat(20))
})

t.test('a reader that is gone costs its lines, which are counted, and stops nobody', async (t) => {
  const { descriptor, clock, sink } = createParts()
  let drains = 0
  sink.onDrain(() => {
    drains += 1
  })
  descriptor.room = 0
  t.equal(sink.write(Buffer.alloc(100, 'a')), false)
  descriptor.errno = EPIPE
  clock.advance(1)
  t.equal(drains, 1)
  t.equal(sink.droppedBytes, 100)
  t.equal(sink.write(Buffer.alloc(1000, 'b')), true)
  t.equal(sink.droppedBytes, 1100)
  t.equal(clock.nextAt(), Infinity)
})

t.test('after a refusal in the middle of a line, the next line begins on its own', async (t) => {
  const { descriptor, clock, sink } = createParts()
  descriptor.room = 2
  sink.write(Buffer.from('one\n'))
  descriptor.errno = ENOSPC
  clock.poll()
  t.equal(sink.droppedBytes, 2)
  descriptor.errno = 0
  descriptor.room = Infinity
  sink.write(Buffer.from('two\n'))
  sink.write(Buffer.from('three\n'))
  t.equal(descriptor.text(), 'on\ntwo\nthree\n')
})

t.test('flush waits until all is written', async (t) => {
  const { descriptor, clock, sink } = createParts()
  await sink.flush(500)
  descriptor.room = 0
  sink.write(Buffer.from('last\n'))
  const flushed = sink.flush(500)
  descriptor.room = Infinity
  clock.advance(1)
  await flushed
  t.equal(descriptor.text(), 'last\n')
  t.equal(clock.nextAt(), Infinity)
})

t.test('flush gives up at its deadline', async (t) => {
  const { descriptor, clock, sink } = createParts()
  descriptor.room = 0
  sink.write(Buffer.from('last\n'))
  let isOver = false
  const flushed = sink.flush(500).then(() => {
    isOver = true
  })
  clock.advance(499)
  await Promise.resolve()
  t.equal(isOver, false)
  clock.advance(1)
  await flushed
  t.equal(isOver, true)
})

t.test('partial writes never tear the lines of 100 writers, nor change their order', async (t) => {
  const seed = newSeed()
  const random = createRandom(seed)
  const { descriptor, clock, sink } = createParts(4096)
  const counts = new Array<number>(100).fill(0)
  for (let turn = 0; turn < 20_000; turn += 1) {
    if (random() < 0.3) descriptor.room = random() < 0.2 ? 0 : Math.floor(random() * 300)
    if (random() < 0.2) clock.poll()
    if (random() < 0.1) clock.advance(random() * 20)
    if (sink.isFull) continue
    const writer = Math.floor(random() * 100)
    const lines = [0, 1, 2].slice(Math.floor(random() * 3)).map(() => {
      const count = counts[writer] ?? 0
      counts[writer] = count + 1
      return `${writer} ${count} ${'x'.repeat(random() * 60)}.\n`
    })
    sink.write(Buffer.from(lines.join('')))
  }
  descriptor.room = Infinity
  clock.poll()
  clock.advance(16)
  const seen = new Array<number>(100).fill(0)
  const wrong = descriptor
    .text()
    .split('\n')
    .slice(0, -1)
    .filter((line) => {
      const [, writer, count] = /^(\d+) (\d+) x*\.$/.exec(line) ?? []
      if (writer === undefined || Number(count) !== seen[Number(writer)]) return true
      seen[Number(writer)] = Number(count) + 1
      return false
    })
  t.same(wrong, [], `seed ${seed}`)
  t.same(seen, counts, `seed ${seed}`)
  t.equal(sink.droppedBytes, 0, `seed ${seed}`)
})
