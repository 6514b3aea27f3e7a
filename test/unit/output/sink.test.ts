import { constants } from 'node:os'
import t from 'tap'
import { createSink } from '../../../src/output/sink.ts'
import { createManualClock } from '../../rig/manual-clock.ts'
import { untold } from '../../rig/readiness.ts'
import { createSinkParts, longLine } from '../../rig/sinks.ts'

t.test('lines are written at once while there is room, and no timer is set', async (t) => {
  const { descriptor, clock, write } = createSinkParts()
  write('one\n')
  write('')
  write('two\n')
  t.equal(descriptor.text(), 'one\ntwo\n')
  t.equal(descriptor.calls, 2)
  t.equal(clock.nextAt(), Infinity)
})

t.test('the rest of a partial write goes first', async (t) => {
  const { descriptor, clock, write } = createSinkParts()
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
  const results = [-constants.errno.EINTR, 4]
  const sink = createSink({ fd: 1, write: () => results.shift() ?? 0, readiness: untold, clock })
  const writer = sink.open({ limitBytes: 100, mostBytes: 200, onDrain() {} })
  writer.write(Buffer.from('one\n'), () => t.fail('dropped'))
  t.same(results, [])
  t.equal(clock.nextAt(), Infinity)
})

t.test('what is written may be changed afterwards', async (t) => {
  const { descriptor, clock, sink } = createSinkParts()
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
  const { descriptor, clock, write, isFull, count, dropped } = createSinkParts(40_000)
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
  const { descriptor, clock, write, dropped } = createSinkParts(40_000)
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
  const { descriptor, write, dropped } = createSinkParts(40_000)
  descriptor.room = 0
  for (let i = 0; i < 2000; i += 1) write('\n')
  t.ok(dropped.lines > 600, `${dropped.lines}`)
})

t.test('a writer has room though another one has none left', async (t) => {
  const { descriptor, clock, write, isFull, dropped, open } = createSinkParts(40_000)
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

t.test('flush waits until all is written', async (t) => {
  const { descriptor, clock, sink, write } = createSinkParts()
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
  const { descriptor, clock, sink, write } = createSinkParts()
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
