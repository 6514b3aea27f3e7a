import { constants } from 'node:os'
import t from 'tap'
import { createSink } from '../../../src/output/sink.ts'
import type { Readiness } from '../../../src/ports/readiness.ts'
import { createManualClock } from '../../rig/manual-clock.ts'
import { chooseSeed, createRandom } from '../../rig/random.ts'
import { untold } from '../../rig/readiness.ts'

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

function createParts(limitBytes = 40_000, readiness: Pick<Readiness, 'onceWritable'> = untold) {
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
const longLine = `${'x'.repeat(9_999)}\n`

t.test('lines are written at once while there is room, and no timer is set', async (t) => {
  const { descriptor, clock, write } = createParts()
  write('one\n')
  write('')
  write('two\n')
  t.equal(descriptor.text(), 'one\ntwo\n')
  t.equal(descriptor.calls, 2)
  t.equal(clock.nextAt(), Infinity)
})

t.test('the rest of a partial write goes first', async (t) => {
  const { descriptor, clock, write } = createParts()
  descriptor.room = 2
  write('one\n')
  write('two\n')
  t.equal(descriptor.text(), 'on')
  descriptor.room = Infinity
  clock.poll()
  t.equal(descriptor.text(), 'one\ntwo\n')
  t.equal(clock.nextAt(), Infinity)
})

t.test('an interrupted write is made again', async (t) => {
  const clock = createManualClock()
  const results = [-EINTR, 4]
  const sink = createSink({ fd: 1, write: () => results.shift() ?? 0, readiness: untold, clock })
  const writer = sink.open({ limitBytes: 100, mostBytes: 200, onDrain() {} })
  writer.write(Buffer.from('one\n'), () => t.fail('dropped'))
  t.same(results, [])
  t.equal(clock.nextAt(), Infinity)
})

t.test('a full descriptor is tried again after 1, 2, 4, 8, 16, 16 ms', async (t) => {
  const { descriptor, clock, write } = createParts()
  descriptor.room = 0
  write('one\n')
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

/** A descriptor that tells when it has room, by `tell`. */
function createTold() {
  const told: { callback: (() => void) | null; asked: number } = { callback: null, asked: 0 }
  return {
    told,
    readiness: {
      onceWritable(_fd: number, callback: () => void) {
        told.callback = callback
        told.asked += 1
        return true
      },
    },
    tell() {
      const { callback } = told
      told.callback = null
      callback?.()
    },
  }
}

t.test('where it is told that there is room, no timer waits for it', async (t) => {
  const { readiness, told, tell } = createTold()
  const { descriptor, clock, write } = createParts(40_000, readiness)
  write('one\n')
  t.equal(told.asked, 0, 'nothing waits')
  descriptor.room = 2
  write('two\n')
  write('three\n')
  t.equal(told.asked, 1, 'once for all')
  descriptor.room = 3
  tell()
  t.equal(descriptor.text(), 'one\ntwo\nt')
  t.equal(told.asked, 2)
  descriptor.room = Infinity
  tell()
  t.equal(descriptor.text(), 'one\ntwo\nthree\n')
  t.equal(told.asked, 2)
  t.equal(clock.nextAt(), Infinity)
  clock.poll()
  t.equal(descriptor.calls, 4)
})

t.test('what is told that there is room and has none is left to a timer', async (t) => {
  const { readiness, told, tell } = createTold()
  const { descriptor, clock, write } = createParts(40_000, readiness)
  descriptor.room = 0
  write('one\n')
  t.equal(clock.nextAt(), Infinity)
  tell()
  t.equal(told.asked, 1)
  t.equal(clock.nextAt() - clock.now().monoMs, 1)
  clock.advance(1)
  t.equal(told.asked, 2, 'it may be told again')
  descriptor.room = Infinity
  tell()
  t.equal(descriptor.text(), 'one\n')
  t.equal(clock.nextAt(), Infinity)
})

t.test('what is written may be changed afterwards', async (t) => {
  const { descriptor, clock, sink } = createParts()
  const writer = sink.open({ limitBytes: 100, mostBytes: 200, onDrain() {} })
  const memory = Buffer.from('one\n')
  descriptor.room = 2
  writer.write(memory, () => t.fail('dropped'))
  memory.write('two\n')
  descriptor.room = Infinity
  writer.write(memory, () => t.fail('dropped'))
  clock.poll()
  t.equal(descriptor.text(), 'one\ntwo\n')
})

t.test('a writer is full at its limit, and is called when half of it is written', async (t) => {
  const { descriptor, clock, write, isFull, count, dropped } = createParts(40_000)
  descriptor.room = 0
  for (const expected of [false, false, false, true]) {
    write(longLine)
    t.equal(isFull(), expected)
  }
  descriptor.room = 19_999
  clock.advance(1)
  t.equal(count.drains, 0)
  t.equal(isFull(), true)
  descriptor.room = 10_000
  clock.poll()
  t.equal(count.drains, 1)
  t.equal(isFull(), false)
  descriptor.room = Infinity
  write('last\n')
  clock.poll()
  t.equal(count.drains, 1)
  t.equal(descriptor.text(), `${longLine.repeat(4)}last\n`)
  t.equal(dropped.lines, 0)
})

t.test('who does not stop has twice the limit, and what is dropped is counted', async (t) => {
  const { descriptor, clock, write, dropped } = createParts(40_000)
  descriptor.room = 0
  for (let i = 0; i < 100; i += 1) write(longLine)
  t.equal(dropped.lines, 92)
  t.same([...dropped.reasons], ['full'])
  descriptor.room = Infinity
  clock.advance(1)
  t.equal(descriptor.text(), longLine.repeat(8))
  write('last\n')
  t.ok(descriptor.text().endsWith('last\n'), 'there is room again')
})

t.test('small chunks of many count for what they cost, not for what is in them', async (t) => {
  const { descriptor, write, dropped } = createParts(40_000)
  descriptor.room = 0
  for (let i = 0; i < 2000; i += 1) write('\n')
  t.ok(dropped.lines > 600, `${dropped.lines}`)
})

t.test('a writer has room though another one has none left', async (t) => {
  const { descriptor, clock, write, isFull, dropped, open } = createParts(40_000)
  const other = open(1000)
  descriptor.room = 0
  for (let i = 0; i < 100; i += 1) write(longLine)
  other.write('still here\n')
  t.equal(isFull(), true)
  t.equal(other.isFull(), false)
  t.equal(dropped.lines, 92)
  descriptor.room = Infinity
  clock.advance(1)
  t.equal(descriptor.text(), `${longLine.repeat(8)}still here\n`)
  t.same([dropped.lines, other.dropped.lines, other.count.drains], [92, 0, 0])
})

t.test('a reader that is gone costs its lines, which are counted, and stops nobody', async (t) => {
  const { descriptor, clock, sink, write, isFull, count, dropped } = createParts(40_000)
  descriptor.room = 0
  for (let i = 0; i < 4; i += 1) write(longLine)
  t.equal(isFull(), true)
  t.equal(sink.isRefusing, false)
  descriptor.errno = EPIPE
  clock.advance(1)
  t.equal(count.drains, 1)
  t.equal(dropped.lines, 4)
  t.equal(sink.isRefusing, true)
  for (let i = 0; i < 100; i += 1) write('one\ntwo\n')
  t.equal(isFull(), false)
  t.equal(dropped.lines, 204)
  t.same([...dropped.reasons], ['EPIPE'])
  t.equal(clock.nextAt(), Infinity)
})

t.test('each write finds out whether the reader is back', async (t) => {
  const { descriptor, sink, write, dropped } = createParts()
  descriptor.errno = EPIPE
  write('one\n')
  descriptor.errno = 0
  write('two\n')
  t.equal(descriptor.text(), 'two\n')
  t.equal(dropped.lines, 1)
  t.equal(sink.isRefusing, false)
})

t.test('after a refusal in the middle of a line, the next line begins on its own', async (t) => {
  const { descriptor, clock, write, dropped } = createParts()
  descriptor.room = 2
  write('one\n')
  descriptor.errno = ENOSPC
  clock.poll()
  t.equal(dropped.lines, 1)
  write('lost\n')
  write('lost too\n')
  t.equal(dropped.lines, 3)
  descriptor.errno = 0
  descriptor.room = 1
  write('two\n')
  descriptor.room = Infinity
  clock.poll()
  write('three\n')
  t.equal(descriptor.text(), 'on\ntwo\nthree\n')
  t.equal(dropped.lines, 3)
  t.same([...dropped.reasons], ['ENOSPC'])
})

t.test('after a refusal between two lines, no empty line is written', async (t) => {
  const { descriptor, clock, write, dropped } = createParts()
  descriptor.room = 4
  write('one\ntwo\n')
  descriptor.errno = ENOSPC
  clock.poll()
  descriptor.errno = 0
  descriptor.room = Infinity
  write('three\n')
  t.equal(descriptor.text(), 'one\nthree\n')
  t.equal(dropped.lines, 1)
})

t.test('flush waits until all is written', async (t) => {
  const { descriptor, clock, sink, write } = createParts()
  await sink.flush(500)
  descriptor.room = 0
  write('last\n')
  const flushed = sink.flush(500)
  descriptor.room = Infinity
  clock.advance(1)
  await flushed
  t.equal(descriptor.text(), 'last\n')
  t.equal(clock.nextAt(), Infinity)
})

t.test('flush gives up at its deadline', async (t) => {
  const { descriptor, clock, sink, write } = createParts()
  descriptor.room = 0
  write('last\n')
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
  const seed = chooseSeed()
  const random = createRandom(seed)
  const { descriptor, clock, write, isFull, dropped } = createParts()
  const counts = new Array<number>(100).fill(0)
  for (let turn = 0; turn < 20_000; turn += 1) {
    if (random() < 0.3) descriptor.room = random() < 0.2 ? 0 : Math.floor(random() * 300)
    if (random() < 0.2) clock.poll()
    if (random() < 0.1) clock.advance(random() * 20)
    if (isFull()) continue
    const writer = Math.floor(random() * 100)
    const lines = [0, 1, 2].slice(Math.floor(random() * 3)).map(() => {
      const count = counts[writer] ?? 0
      counts[writer] = count + 1
      return `${writer} ${count} ${'x'.repeat(random() * 60)}.\n`
    })
    write(lines.join(''))
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
  t.equal(dropped.lines, 0, `seed ${seed}`)
})

t.test('whatever is refused, a line begins on its own and is written or counted', async (t) => {
  const seed = chooseSeed()
  const random = createRandom(seed)
  const { descriptor, clock, write, dropped } = createParts()
  let lines = 0
  let refusals = 0
  for (let turn = 0; turn < 20_000; turn += 1) {
    if (random() < 0.3) descriptor.room = random() < 0.2 ? 0 : Math.floor(random() * 300)
    if (random() < 0.1) descriptor.errno = random() < 0.7 ? 0 : ENOSPC
    if (descriptor.errno !== 0) refusals += 1
    if (random() < 0.2) clock.poll()
    if (random() < 0.1) clock.advance(random() * 20)
    write(`<${lines} ${'x'.repeat(random() * 60)}>\n`)
    lines += 1
  }
  descriptor.errno = 0
  descriptor.room = Infinity
  clock.poll()
  clock.advance(16)
  const written = descriptor.text().split('\n').slice(0, -1)
  const whole = written.filter((line) => /^<\d+ x*>$/.test(line))
  const wrong = written.filter((line) => !/^<[^<]*$/.test(line))
  t.same(wrong, [], `seed ${seed}`)
  // Of a refused line, all but the newline may have been written.
  const both = whole.length + dropped.lines - lines
  t.ok(both >= 0 && both <= refusals, `seed ${seed}: ${both} of ${refusals}`)
  t.ok(written.length > whole.length, `seed ${seed}: some were torn`)
})
