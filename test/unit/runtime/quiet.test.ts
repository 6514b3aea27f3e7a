import t from 'tap'
import { whenQuiet } from '../../../src/runtime/quiet.ts'
import { createManualClock } from '../../rig/manual-clock.ts'

const options = { quietMs: 1000, longestMs: 60_000, many: 3 }

t.test(
  'it is called after the first second without a change, and not for a few more',
  async (t) => {
    const clock = createManualClock()
    let calls = 0
    const { change } = whenQuiet(clock, options, () => {
      calls += 1
    })
    for (let i = 0; i < 5; i++) {
      clock.advance(900)
      change(clock.now().monoMs)
    }
    t.equal(calls, 0)
    clock.advance(2000)
    t.equal(calls, 1)
    change(clock.now().monoMs)
    clock.advance(120_000)
    t.equal(calls, 1)
    t.equal(clock.nextAt(), Number.POSITIVE_INFINITY)
  },
)

t.test('where something changes all the time it does not wait for ever', async (t) => {
  const clock = createManualClock()
  let calls = 0
  const { change } = whenQuiet(clock, options, () => {
    calls += 1
  })
  for (let ms = 0; ms < 61_000; ms += 500) {
    t.equal(calls, ms >= 60_000 ? 1 : 0, `${ms}`)
    change(clock.now().monoMs)
    clock.advance(500)
  }
  t.equal(calls, 1)
})

t.test('after many changes it is called again, once they are over', async (t) => {
  const clock = createManualClock()
  let calls = 0
  const { change } = whenQuiet(clock, options, () => {
    calls += 1
  })
  clock.advance(1000)
  for (const round of [2, 3]) {
    for (let i = 0; i < 5; i++) {
      change(clock.now().monoMs)
      clock.advance(900)
    }
    clock.advance(99)
    t.equal(calls, round - 1)
    clock.advance(1)
    t.equal(calls, round)
    t.equal(clock.nextAt(), Number.POSITIVE_INFINITY)
  }
})
