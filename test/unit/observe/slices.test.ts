import t from 'tap'
import { createPauses } from '../../../src/observe/slices.ts'
import { createManualClock } from '../../rig/manual-clock.ts'

/** How many pauses work of 60 steps of a ms makes while others take `othersMs` of each turn of the event loop. */
async function pausesBeside(othersMs: number): Promise<number> {
  const clock = createManualClock()
  const pause = createPauses(clock)
  let pauses = 0
  for (let step = 0; step < 60; step++) {
    clock.advance(1)
    const paused = pause()
    if (paused === undefined) continue
    pauses += 1
    clock.advance(othersMs)
    clock.poll()
    await paused
  }
  return pauses
}

t.test('work is done in slices of 3 ms while others want little time', async (t) => {
  t.equal(await pausesBeside(0), 20)
  t.equal(await pausesBeside(6), 20)
})

t.test('work has a third of the time, however long the others take at a time', async (t) => {
  t.equal(await pausesBeside(20), 6)
  t.equal(await pausesBeside(500), 1)
})
