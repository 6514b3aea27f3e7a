import t from 'tap'
import {
  afterMs,
  beforeMs,
  chainMs,
  preStopMs,
  type Stopping,
  shutdownTimeline,
  stepMs,
  usableMs,
} from '../../../src/plan/shutdown.ts'

function stopping(
  name: string,
  graceMs: number,
  needed: readonly string[] = [],
  count = 1,
): Stopping {
  const dependsOn = needed.map((process) => ({ process, condition: 'ready' as const }))
  return { name, graceMs, dependsOn, replicas: count }
}

const web = stopping('web', 10_000)
const db = stopping('db', 30_000)
/** web and worker, then api, then db; cache beside them. */
const graph = [
  stopping('db', 30_000),
  stopping('api', 5000, ['db']),
  stopping('web', 10_000, ['api', 'db']),
  stopping('worker', 2000, ['api']),
  stopping('cache', 1000),
]

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
    { step: 'drain', process: null, beginMs: 0, endMs: 5000, ownMs: 5000 },
    { step: 'stop', process: 'web', beginMs: 5000, endMs: 15_000, ownMs: 10_000 },
    { step: 'stop', process: 'db', beginMs: 5000, endMs: 35_000, ownMs: 30_000 },
    { step: 'sweep', process: null, beginMs: 35_000, endMs: 36_000, ownMs: 1000 },
  ])
})

t.test('a process without instances takes no time', async (t) => {
  const none = stopping('none', 600_000, [], 0)
  for (const graceMs of [8000, 60_000]) {
    const shutdown = { drainMs: 5000, graceMs }
    t.same(shutdownTimeline(shutdown, [web, none]), shutdownTimeline(shutdown, [web]))
    t.same(chainMs([web, none]), chainMs([web]))
  }
})

t.test('what depends on others is stopped before them, the rest beside it', async (t) => {
  const steps = shutdownTimeline({ drainMs: 0, graceMs: 100_000 }, graph)
  t.same(
    steps.map(({ step, process, beginMs, endMs }) => [process ?? step, beginMs, endMs]),
    [
      ['web', 0, 10_000],
      ['worker', 0, 2000],
      ['cache', 0, 1000],
      ['api', 10_000, 15_000],
      ['db', 15_000, 45_000],
      ['sweep', 45_000, 46_000],
    ],
  )
})

t.test('a process without instances passes the order on', async (t) => {
  const chain = [web, stopping('none', 5000, ['web'], 0), stopping('api', 2000, ['none'])]
  t.same(
    shutdownTimeline({ drainMs: 0, graceMs: 100_000 }, chain).map(({ process, beginMs }) => [
      process,
      beginMs,
    ]),
    [
      ['api', 0],
      ['web', 2000],
      [null, 12_000],
    ],
  )
})

t.test('of a short budget each step of a chain has the same share', async (t) => {
  // 23 s of 46.
  const steps = shutdownTimeline({ drainMs: 0, graceMs: 24_000 }, graph)
  t.same(
    steps.map(({ step, process, endMs, beginMs, ownMs }) => [
      process ?? step,
      (endMs - beginMs) / ownMs,
    ]),
    [
      ['web', 0.5],
      // Shorter than the longest chain: it has no part in what is missing.
      ['worker', 23 / 38],
      ['cache', 1],
      ['api', 0.5],
      ['db', 0.5],
      ['sweep', 0.5],
    ],
  )
})

t.test('what comes before and after a step is the longest chain there is', async (t) => {
  t.same(Object.fromEntries(afterMs(graph)), {
    ...{ db: 1000, api: 31_000, web: 36_000, worker: 36_000, cache: 1000 },
  })
  t.same(Object.fromEntries(beforeMs(graph)), {
    ...{ db: 15_000, api: 10_000, web: 0, worker: 0, cache: 0 },
  })
  t.equal(chainMs(graph), 46_000)
  t.equal(chainMs([]), 1000)
})

t.test('it never leaves the budget, and no step is left out', async (t) => {
  for (const graceMs of [100, 1000, 10_000, 36_000, 40_000]) {
    for (const drainMs of [0, 500, 20_000]) {
      for (const processes of [[web, db], graph]) {
        const steps = shutdownTimeline({ drainMs, graceMs }, processes)
        t.ok(
          steps.every(({ beginMs, endMs }) => endMs > beginMs),
          `${graceMs} ms, drain ${drainMs} ms`,
        )
        t.ok(Math.max(...steps.map(({ endMs }) => endMs)) <= usableMs({ drainMs, graceMs }) + 0.001)
      }
    }
  }
})

t.test(
  'a preStop hook leaves a tenth of the grace, at most a second, to what follows',
  async (t) => {
    t.equal(preStopMs(2000), 1800)
    t.equal(preStopMs(10_000), 9000)
    t.equal(preStopMs(60_000), 59_000)
  },
)
