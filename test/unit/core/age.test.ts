import t from 'tap'
import { initialState } from '../../../src/core/initial-state.ts'
import { type ProcessGiven, planOf, probeSpec, processSpec } from '../../rig/specs.ts'
import { pidOf, Story, stamp, stepSafely, words } from '../../rig/story.ts'

const hour = 3_600_000

t.test('a run that has lived for its time is stopped with its grace', async (t) => {
  const story = begin({ maxAgeMs: hour }).run(1)
  t.same(words(story), ['age 3601000'], 'counted from the start of its command')
  grow(story, 'web.1')
  t.match(story.changes, [
    { phase: 'stopping', cause: 'max-age', reason: 'older than 3600 s', status: undefined },
  ])
  t.same(words(story), ['signal 1 15', `kill ${story.monoMs + 10_000}`])
})

t.test('then the next one starts at once, whatever the policy, which is no failure', async (t) => {
  for (const restartPolicy of ['Always', 'OnFailure', 'Never'] as const) {
    for (const isShutdownOnExit of [false, true]) {
      const limit = { count: 0, withinMs: hour }
      const story = begin({ maxAgeMs: hour, restartPolicy, isShutdownOnExit, restartLimit: limit })
      grow(story.run(1), 'web.1').end(1)
      t.match(story.changes, [{ phase: 'pending', cause: 'max-age', delayMs: 0 }])
      t.match(words(story).at(-1), 'spawn 2')
      t.match(story.instance(), { failures: 0, restarts: 1, recentRestartsMonoMs: [] })
      t.same(words(grow(story.run(2), 'web.1'))[0], 'signal 2 15', 'and it grows old again')
    }
  }
})

t.test(
  'a row of failures ends with a stable run, and goes on after one that was not',
  async (t) => {
    for (const { resetAfterMs, failures } of [
      { resetAfterMs: 10_000, failures: 0 },
      { resetAfterMs: 2 * hour, failures: 2 },
    ]) {
      const backoff = { initialMs: 0, factor: 2, maxMs: 0, jitter: 0, resetAfterMs }
      const story = begin({ maxAgeMs: hour, backoff }).run(1).end(1, 3).run(2).end(2, 3)
      t.equal(story.instance().failures, 2)
      grow(story.run(3), 'web.1').end(3)
      t.equal(story.instance().failures, failures)
    }
  },
)

t.test('chance adds up to the jitter to the age', async (t) => {
  const spec = processSpec('web', { maxAgeMs: 1000, maxAgeJitterMs: 600 })
  let state = initialState(planOf(spec))
  for (const fact of [
    { type: 'begin' },
    { type: 'spawned', run: 1, pid: pidOf(1) },
    { type: 'executed', run: 1 },
  ] as const) {
    const { state: next, effects } = stepSafely(state, stamp(fact, 0, 0.5))
    state = next
    if (fact.type !== 'executed') continue
    t.same(effects, [{ type: 'wake', key: 'web.1/age', atMonoMs: 1300 }])
  }
})

t.test(
  'of instances that are ready one goes at a time, and the next when it is back',
  async (t) => {
    const story = begin({ maxAgeMs: hour, replicas: 3 }).run(1).run(2).run(3)
    story.wait(hour)
    const old = (name: string) => story.take({ type: 'deadline', key: `${name}/age` })
    t.equal(old('web.2').instance('web.2').phase, 'stopping')
    t.equal(old('web.1').instance('web.1').phase, 'running')
    t.equal(old('web.3').instance('web.3').phase, 'running')
    story.end(2)
    t.equal(story.instance('web.1').phase, 'running', 'its next run is not there yet')
    story.run(4)
    t.equal(story.instance('web.1').phase, 'stopping')
    t.equal(story.instance('web.3').phase, 'running')
    story.end(1).run(5)
    t.equal(story.instance('web.3').phase, 'stopping')
  },
)

t.test('instances that do not run and will not are not waited for', async (t) => {
  const story = begin({ maxAgeMs: hour, replicas: 2, restartPolicy: 'Never', isEssential: false })
  story.run(1).run(2).end(1, 3)
  t.equal(story.instance('web.1').phase, 'failed')
  t.equal(grow(story, 'web.2').instance('web.2').phase, 'stopping')
})

t.test('one that is not ready is not missed: it goes at once', async (t) => {
  const probes = { readiness: quick }
  const story = begin({ maxAgeMs: hour, replicas: 2, probes }).run(1).run(2)
  grow(story, 'web.1')
  t.equal(story.instance('web.1').phase, 'stopping')
  t.equal(grow(story, 'web.2').instance('web.2').phase, 'stopping')
})

t.test('what is starting has its time, and goes when it has started', async (t) => {
  const probes = { startup: quick }
  const story = begin({ maxAgeMs: hour, probes }).run(1)
  t.equal(grow(story, 'web.1').instance().phase, 'starting')
  const probed = { type: 'probed', run: 1, probe: 'startup', detail: '', durationMs: 1 } as const
  story.take({ ...probed, isOk: true })
  t.equal(story.instance().phase, 'stopping')
})

t.test('none goes while its next start would have to wait', async (t) => {
  const dependsOn = [{ process: 'db', condition: 'ready' }] as const
  const story = new Story(processSpec('web', { maxAgeMs: hour, dependsOn }), processSpec('db'))
  story.take({ type: 'begin' }).run(1).run(2)
  t.equal(story.instance('web.1').phase, 'running')
  story.take({ type: 'exited', run: 1, status: { code: 3, signal: 0 } })
  t.equal(grow(story, 'web.1').instance('web.1').phase, 'running', 'db is away')
  story.take({ type: 'emptied', run: 1 }).run(3)
  t.equal(story.instance('web.1').phase, 'stopping', 'db is back')
})

t.test('a run that ends otherwise does not grow old', async (t) => {
  const exited = { type: 'exited', run: 1, status: { code: 3, signal: 0 } } as const
  for (const fact of [exited, { type: 'shutdown', reason: 'test', code: 0 }] as const) {
    const story = begin({ maxAgeMs: hour }).run(1).take(fact)
    t.ok(words(story).includes('age off'), fact.type)
  }
})

t.test('nothing is renewed during a drain', async (t) => {
  const story = begin({ maxAgeMs: hour })
    .within({ drainMs: 2 * hour, graceMs: 3 * hour })
    .run(1)
  story.take({ type: 'signalled', signal: 15 })
  t.equal(story.state.phase, 'draining')
  t.equal(grow(story, 'web.1').instance().phase, 'running')
})

t.test('nor in a drain on request, but when that is over', async (t) => {
  const story = begin({ maxAgeMs: hour }).run(1).take({ type: 'drain', by: 'test' })
  t.equal(grow(story, 'web.1').instance().phase, 'running')
  story.take({ type: 'maintenance', isOn: false, by: 'test' })
  t.equal(story.instance().phase, 'stopping')
})

t.test('a stop takes over: what was to be started again is stopped', async (t) => {
  const story = begin({ maxAgeMs: hour }).run(1)
  grow(story, 'web.1').take({ type: 'signalled', signal: 15 }).end(1)
  t.match(story.instance(), { phase: 'stopped', last: { cause: 'max-age' } })
})

const quick = probeSpec({ periodMs: 1000, timeoutMs: 100 })

function begin(given: ProcessGiven): Story {
  return new Story(processSpec('web', given)).take({ type: 'begin' })
}

/** An hour later the run of the instance is old. */
function grow(story: Story, name: string): Story {
  return story.wait(hour).take({ type: 'deadline', key: `${name}/age` })
}
