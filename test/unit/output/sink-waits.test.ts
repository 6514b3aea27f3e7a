import t from 'tap'
import { createSinkParts } from '../../rig/sinks.ts'

t.test('a full descriptor is tried again after 1, 2, 4, 8, 16, 16 ms', async (t) => {
  const { descriptor, clock, write } = createSinkParts()
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
  const { descriptor, clock, write } = createSinkParts(40_000, readiness)
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
  const { descriptor, clock, write } = createSinkParts(40_000, readiness)
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
