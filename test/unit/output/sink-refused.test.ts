import { constants } from 'node:os'
import t from 'tap'
import { createSinkParts, longLine } from '../../rig/sinks.ts'

const { EPIPE, ENOSPC } = constants.errno

t.test('a reader that is gone costs its lines, which are counted, and stops nobody', async (t) => {
  const { descriptor, clock, sink, write, isFull, count, dropped } = createSinkParts(40_000)
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
  const { descriptor, sink, write, dropped } = createSinkParts()
  descriptor.errno = EPIPE
  write('one\n')
  descriptor.errno = 0
  write('two\n')
  t.equal(descriptor.text(), 'two\n')
  t.equal(dropped.lines, 1)
  t.equal(sink.isRefusing, false)
})

t.test('after a refusal in the middle of a line, the next line begins on its own', async (t) => {
  const { descriptor, clock, write, dropped } = createSinkParts()
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
  const { descriptor, clock, write, dropped } = createSinkParts()
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
