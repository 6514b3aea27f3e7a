import t from 'tap'
import type { Fact } from '../../../src/core/events.ts'
import { answer, begin } from '../../rig/probing.ts'
import { type ProcessGiven, probeSpec, processSpec } from '../../rig/specs.ts'
import { Story, shown, words } from '../../rig/story.ts'

const stop: Fact = { type: 'shutdown', reason: 'test', code: 0 }

t.test(
  'a liveness or startup probe that has failed ends the run, with its own grace',
  async (t) => {
    const liveness = probeSpec({ failureThreshold: 2, graceMs: 700 })
    const story = begin({ probes: { liveness } })
    answer(story, 'liveness', false)
    t.equal(story.instance().phase, 'running')
    answer(story, 'liveness', false)
    t.match(story.changes.at(-1), {
      ...{ phase: 'stopping', cause: 'liveness-failed', reason: 'liveness: HTTP 503 (2/2)' },
    })
    t.same(words(story), ['signal 1 15', `kill ${story.monoMs + 700}`])
    story.end(1)
    t.match(story.instance(), { phase: 'pending', restarts: 1, last: { cause: 'liveness-failed' } })

    const other = begin({ graceMs: 900, probes: { startup: probeSpec({ periodMs: 50 }) } })
    for (let count = 0; count < 3; count++) answer(other, 'startup', false)
    t.same(words(other), ['signal 1 15', `kill ${other.monoMs + 900}`])
    other.take({ type: 'deadline', key: 'web.1/kill' }).end(1, 0, 9)
    t.match(other.instance().last, { cause: 'startup-failed' }, 'also when SIGKILL was needed')
  },
)

t.test(
  'from the begin of a stop liveness and startup rest, and readiness goes on to the end',
  async (t) => {
    const story = begin({ probes: { readiness: probeSpec(), liveness: probeSpec() } })
    answer(story, 'readiness', true)
    story.take(stop)
    t.same(words(story), ['liveness off', 'signal 1 15', 'kill 11100'])
    answer(story, 'liveness', false)
    t.same(words(story), [], 'a result that comes late is dropped')
    answer(story, 'readiness', true)
    t.same(words(story), ['readiness 21100'])
    t.match(story.changes, [{ type: 'probe', isReady: undefined }])
    story.take({ type: 'exited', run: 1, status: { code: 0, signal: 0 } })
    t.match(words(story), ['readiness off', 'endTree 1 15'])

    const other = begin({ probes: { startup: probeSpec() } }).take(stop)
    t.same(words(other), ['startup off', 'signal 1 15', 'kill 11000'])
  },
)

t.test(
  'in a shutdown liveness and startup rest at once, also of what has to wait for its stop',
  async (t) => {
    const story = new Story(
      processSpec('db', { replicas: 2, probes: { liveness: probeSpec() } }),
      processSpec('web', { dependsOn: [{ process: 'db', condition: 'started' }] }),
    )
    story.take({ type: 'begin' }, { type: 'spawned', run: 2, pid: 102 }).run(1).run(3).take(stop)
    t.same(words(story), ['liveness off', 'signal 3 15', 'kill 11000'])
    story.take({ type: 'executed', run: 2 })
    t.match(story.instance('db.2'), { phase: 'running', live: { probes: {} } })
    t.same(words(story), [])
  },
)

t.test('what becomes ready or unready while it stops is not told as ready', async (t) => {
  const story = begin({ probes: { readiness: probeSpec() } }).take(stop)
  answer(story, 'readiness', true)
  t.match(story.instance(), { wasReady: false, live: { readySinceMonoMs: null } })
  t.match(shown(story), { isReady: false, reason: null })
})

t.test('a run that ends is tried no more', async (t) => {
  const story = begin({ probes: { readiness: probeSpec(), liveness: probeSpec() } })
  story.take({ type: 'exited', run: 1, status: { code: 1, signal: 0 } })
  t.same(words(story).slice(0, 2), ['readiness off', 'liveness off'])
  t.same(story.instance().live?.probes, {})
})

t.test(
  'an end by a probe adds to the row of failures, and begins a new one when the run had lasted',
  async (t) => {
    const probes = { liveness: probeSpec({ failureThreshold: 1 }) }
    const failures = (lastsMs: number, given: ProcessGiven = {}) => {
      const story = begin({ probes, ...given }).end(1, 1)
      story.run(2).wait(lastsMs)
      answer(story, 'liveness', false, '', 0, false)
      return story.end(2).instance().failures
    }
    t.equal(failures(599_999), 2, 'ready for long is no reason')
    t.equal(failures(600_000), 1)
    const restartLimit = { count: 5, withinMs: 60_000 }
    t.equal(failures(59_999, { restartLimit }), 2)
    t.equal(failures(60_000, { restartLimit }), 1)
  },
)

t.test(
  'a process that probes have ended too often has failed, with the code of Ringmaster giving up',
  async (t) => {
    const story = begin({
      probes: { liveness: probeSpec({ failureThreshold: 1 }) },
      restartLimit: { count: 0, withinMs: 1000 },
    })
    answer(story, 'liveness', false)
    story.end(1, 0, 15)
    t.equal(story.instance().phase, 'failed')
    t.equal(story.state.ending?.code, 69)
  },
)
