import t from 'tap'
import type { Fact } from '../../../src/core/events.ts'
import { type ProcessGiven, probeSpec, processSpec } from '../../rig/specs.ts'
import { Story, words } from '../../rig/story.ts'

const limited = { memoryLimitBytes: 64 << 20 }
const over = (run: number): Fact => ({ type: 'overMemoryLimit', run, bytes: 85_250_000 })

t.test('a run over its memory limit is stopped with its grace and started again', async (t) => {
  const story = begin().run(1).take(over(1))
  t.match(story.changes, [
    {
      ...{ phase: 'stopping', cause: 'memory-limit', status: undefined },
      reason: 'memory: 81.3 MiB, limit 64 MiB',
    },
  ])
  t.same(words(story), ['signal 1 15', 'kill 11000'])
  story.end(1)
  t.match(story.changes, [{ phase: 'pending', cause: 'memory-limit' }])
  t.match(story.instance(), { failures: 1, restarts: 1 })
})

t.test('it is a failure, but the first of a row after a long run', async (t) => {
  const restartLimit = { count: 9, withinMs: 5000 }
  const story = begin({ restartLimit })
  for (const [run, ms, failures] of [
    [1, 4999, 1],
    [2, 4999, 2],
    [3, 5000, 1],
    [4, 0, 2],
  ] as const) {
    story.run(run).wait(ms).take(over(run)).end(run)
    t.equal(story.instance().failures, failures, `run ${run}`)
    story.take({ type: 'deadline', key: 'web.1/start' })
  }
})

t.test('too many of them fail the instance, with the code of having given up', async (t) => {
  const story = begin({ restartLimit: { count: 0, withinMs: 5000 } })
    .run(1)
    .take(over(1))
    .end(1)
  t.equal(story.instance().phase, 'failed')
  t.match(story.state.ending, { code: 69 })
})

t.test('so does one whose policy is Never, and OnFailure restarts', async (t) => {
  t.equal(begin({ restartPolicy: 'Never' }).run(1).take(over(1)).end(1).instance().phase, 'failed')
  const story = begin({ restartPolicy: 'OnFailure' }).run(1).take(over(1)).end(1)
  t.equal(story.instance().phase, 'pending')
})

t.test('a run that is starting is held to it too', async (t) => {
  const story = begin({ probes: { startup: probeSpec() } }).run(1)
  t.equal(story.take(over(1)).instance().phase, 'stopping')
})

t.test('what is stopping, waits for its stop or has no limit is left alone', async (t) => {
  const stop: Fact = { type: 'shutdown', reason: 'test', code: 0 }
  const stopping = begin().run(1).take(stop, over(1))
  t.same([words(stopping), stopping.changes], [[], []])
  const dependsOn = [{ process: 'db', condition: 'ready' }] as const
  const waiting = new Story(processSpec('web', { dependsOn }), processSpec('db', limited))
  waiting.take({ type: 'begin' }).run(1).run(2).take(stop, over(1))
  t.equal(waiting.instance('db.1').phase, 'running')
  const unlimited = begin({ memoryLimitBytes: null }).run(1).take(over(1))
  t.equal(unlimited.instance().phase, 'running')
  const unborn = begin().take({ type: 'spawned', run: 1, pid: 101 }, over(1))
  t.equal(unborn.instance().phase, 'starting')
})

function begin(given: ProcessGiven = {}): Story {
  return new Story(processSpec('web', { ...limited, ...given })).take({ type: 'begin' })
}
