import t from 'tap'
import { whenQuiet } from '../../../src/runtime/quiet.ts'
import { createManualClock } from '../../rig/manual-clock.ts'

const times = { quietMs: 1000, longestMs: 60_000 }

t.test('it is called once, after the first second without a change', async (t) => {
  const clock = createManualClock()
  let calls = 0
  const { change } = whenQuiet(clock, times, () => {
    calls += 1
  })
  for (let i = 0; i < 5; i++) {
    clock.advance(900)
    change()
  }
  t.equal(calls, 0)
  clock.advance(2000)
  t.equal(calls, 1)
  change()
  clock.advance(120_000)
  t.equal(calls, 1)
  t.equal(clock.nextAt(), Number.POSITIVE_INFINITY)
})

t.test('where something changes all the time it does not wait for ever', async (t) => {
  const clock = createManualClock()
  let calls = 0
  const { change } = whenQuiet(clock, times, () => {
    calls += 1
  })
  for (let ms = 0; ms < 61_000; ms += 500) {
    t.equal(calls, ms >= 60_000 ? 1 : 0, `${ms}`)
    change()
    clock.advance(500)
  }
  t.equal(calls, 1)
})
