import t from 'tap'
import { type ProcessGiven, processSpec } from '../../rig/specs.ts'
import { Story } from '../../rig/story.ts'

const noWait = { initialMs: 0, factor: 2, maxMs: 0, jitter: 0, resetAfterMs: 1000 }

t.test('after so many restarts within the time the next end fails the instance', async (t) => {
  for (const count of [0, 1, 3]) {
    const story = begun({ restartLimit: { count, withinMs: 60_000 } })
    for (let run = 1; run <= count; run++) {
      story.run(run).end(run, 1)
      t.not(story.instance().phase, 'failed', `restart ${run} of ${count}`)
    }
    story.run(count + 1).end(count + 1, 7)
    t.match(story.instance(), { phase: 'failed', restarts: count })
    t.match(story.state.ending, { code: 7 }, 'with the code of the last run')
  }
})

t.test('stable runs count, and what is older than the time does not', async (t) => {
  const story = begun({ restartLimit: { count: 2, withinMs: 10_000 } })
  for (let run = 1; run <= 20; run++) {
    story.run(run).wait(5000).end(run, 1)
    t.equal(story.instance().phase, 'pending', `run ${run}`)
  }
  story.run(21).wait(1000).end(21, 1)
  t.equal(story.instance().phase, 'failed', 'three within ten seconds')
})

t.test('a long row of failures exceeds it, however slow', async (t) => {
  const limit = { count: 3, withinMs: 1000 }
  const story = begun({ restartLimit: limit, backoff: { ...noWait, resetAfterMs: 100_000 } })
  for (let run = 1; run <= 3; run++) story.run(run).wait(50_000).end(run, 1)
  t.equal(story.instance().phase, 'pending')
  story.run(4).wait(50_000).end(4, 1)
  t.match(story.instance(), { phase: 'failed', failures: 4 })
})

t.test('without a limit there is none, and nothing is remembered', async (t) => {
  const story = begun({ restartLimit: null })
  for (let run = 1; run <= 100; run++) story.run(run).end(run, 1)
  t.match(story.instance(), { phase: 'pending', restarts: 100, recentRestartsMonoMs: [] })
})

t.test('a refused command counts, a start that the kernel puts off does not', async (t) => {
  const story = begun({ restartLimit: { count: 1, withinMs: 60_000 } })
  for (let run = 1; run <= 10; run++) {
    story.take({ type: 'spawnFailed', run, errno: 'EAGAIN', step: 'fork' }).wait(500)
    story.take({ type: 'deadline', key: 'web.1/start' })
  }
  story.take({ type: 'spawnFailed', run: 11, errno: 'E2BIG', step: 'fork' })
  t.match(story.instance(), { phase: 'pending', restarts: 1 })
  story.take({ type: 'spawnFailed', run: 12, errno: 'E2BIG', step: 'fork' })
  t.match(story.state, { instances: [{ phase: 'failed' }], ending: { code: 126 } })
})

t.test('the change says that it was the limit', async (t) => {
  const story = begun({ restartLimit: { count: 0, withinMs: 60_000 } })
    .run(1)
    .end(1, 1)
  t.match(
    story.allChanges.find((change) => change.type === 'instance' && change.phase === 'failed'),
    { cause: 'error', status: { code: 1 }, reason: 'restart limit: 0 within 60 s or in a row' },
  )
})

t.test('exit 0 over and over gives up with 69: there is no failing code', async (t) => {
  const story = begun({ restartLimit: { count: 1, withinMs: 60_000 } })
  story.run(1).end(1, 0).run(2).end(2, 0)
  t.match(story.state.ending, { code: 69 })
})

function begun(given: ProcessGiven): Story {
  return new Story(processSpec('web', { backoff: noWait, ...given })).take({ type: 'begin' })
}
