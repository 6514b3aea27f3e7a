import t from 'tap'
import { chainMs, shutdownTimeline, stepMs, usableMs } from '../../../src/plan/shutdown.ts'

const web = { name: 'web', graceMs: 10_000, instances: ['web.1', 'web.2'] }
const db = { name: 'db', graceMs: 30_000, instances: ['db.1'] }

t.test('a tenth of the budget, and at most a second, is kept for the very end', async (t) => {
  t.equal(usableMs({ drainMs: 0, graceMs: 30_000 }), 29_000)
  t.equal(usableMs({ drainMs: 0, graceMs: 5000 }), 4500)
})

t.test('a step has all of its time when the chain fits, else its share', async (t) => {
  t.equal(stepMs(10_000, 29_000, 11_000), 10_000)
  t.equal(stepMs(10_000, 5500, 11_000), 5000)
  t.ok(stepMs(10_000, -50, 11_000) > 0, 'never 0')
  t.equal(stepMs(0, 5000, 1000), 0, 'but for a step without a time of its own')
})

t.test('the time line says what a shutdown does at worst', async (t) => {
  t.same(shutdownTimeline({ drainMs: 5000, graceMs: 60_000 }, [web, db]), [
    { step: 'drain', process: null, beginMs: 0, endMs: 5000 },
    { step: 'stop', process: 'web', beginMs: 5000, endMs: 15_000 },
    { step: 'stop', process: 'db', beginMs: 5000, endMs: 35_000 },
    { step: 'sweep', process: null, beginMs: 35_000, endMs: 36_000 },
  ])
})

t.test('a process without instances takes no time', async (t) => {
  const none = { name: 'none', graceMs: 600_000, instances: [] }
  for (const graceMs of [8000, 60_000]) {
    const shutdown = { drainMs: 5000, graceMs }
    t.same(shutdownTimeline(shutdown, [web, none]), shutdownTimeline(shutdown, [web]))
    t.same(chainMs([web, none]), chainMs([web]))
  }
})

t.test('it never leaves the budget, and no step is left out', async (t) => {
  for (const graceMs of [100, 1000, 10_000, 36_000, 40_000]) {
    for (const drainMs of [0, 500, 20_000]) {
      const steps = shutdownTimeline({ drainMs, graceMs }, [web, db])
      t.ok(
        steps.every(({ beginMs, endMs }) => endMs > beginMs),
        `${graceMs} ms, drain ${drainMs} ms`,
      )
      t.ok(Math.max(...steps.map(({ endMs }) => endMs)) <= usableMs({ drainMs, graceMs }) + 0.001)
    }
  }
})
