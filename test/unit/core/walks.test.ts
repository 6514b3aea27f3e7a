import t from 'tap'
import { chooseSeed } from '../../rig/random.ts'
import { walk } from '../../rig/walk/walk.ts'

// 40 s of CPU, which a busy machine gives it late.
t.setTimeout(300_000)

/** RINGMASTER_SEED=N and RINGMASTER_WALKS=1 walk the way of a failure again. */
const seed = chooseSeed()
const walks = Number(process.env['RINGMASTER_WALKS'] ?? 2000)

t.test('whatever the world answers, in whatever order, every rule holds', async (t) => {
  let events = 0
  for (let number = seed; number < seed + walks; number++) {
    try {
      events += walk(number, number % 100).events.length
    } catch (error) {
      throw new Error(`RINGMASTER_SEED=${number} RINGMASTER_WALKS=1 shows: ${error}`, {
        cause: error,
      })
    }
  }
  t.pass(`${walks} walks of ${events} events from seed ${seed}`)
})
