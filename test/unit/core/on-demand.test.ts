import t from 'tap'
import { view } from '../../../src/core/view.ts'
import { type ProcessGiven, processSpec } from '../../rig/specs.ts'
import { Story, words } from '../../rig/story.ts'

const onDemand = { isOnDemand: true, sockets: ['web', 'admin'] }
const waiting = 'waiting for a connection to web or admin'
const connected = { type: 'connected', process: 'web' } as const

const storyOf = (given: ProcessGiven = {}) =>
  new Story(processSpec('web', { ...onDemand, ...given })).take({ type: 'begin' })

t.test('it is started by the first connection, once', async (t) => {
  const story = storyOf({ replicas: 2 })
  t.same(words(story), ['watchSockets web'])
  t.match(story.effects, [{ process: 'web', sockets: ['web', 'admin'] }])
  t.match(story.changes.slice(1), [
    { instance: 'web.1', phase: 'pending', reason: waiting },
    { instance: 'web.2', phase: 'pending', reason: waiting },
  ])
  story.take(connected)
  t.same(words(story), ['spawn 1', 'spawn 2'])
  t.match(story.changes, [{ phase: 'pending', reason: 'started by a connection' }, {}])
  t.same(words(story.take(connected)), [], 'it comes late')
  t.match(story.instance().restarts, 0)
})

t.test('it is ready while it listens, and what depends on it starts', async (t) => {
  for (const condition of ['started', 'ready'] as const) {
    const story = new Story(
      processSpec('web', onDemand),
      processSpec('front', { dependsOn: [{ process: 'web', condition }] }),
    )
    t.match(view(story.state).processes[0], { isReady: true, isStarted: true }, 'from the first')
    story.take({ type: 'begin' })
    t.same(words(story), ['spawn 1', 'watchSockets web'], condition)
    story.run(1)
    t.match(view(story.state), { isReady: true, isStarted: true })
    t.match(view(story.state).processes[0]?.instances, [{ reason: waiting, isReady: false }])
    story.take(connected)
    t.match(view(story.state), { isReady: true }, 'while it starts too')
  }
})

t.test('after a success it waits for the next connection, whatever its policy', async (t) => {
  for (const restartPolicy of ['Always', 'OnFailure', 'Never'] as const) {
    const story = storyOf({ restartPolicy, restartLimit: { count: 0, withinMs: 1 } })
    for (const run of [1, 2, 3]) {
      story.take(connected).run(run).wait(1000).end(run)
      t.same(words(story), ['kill off', 'watchSockets web'], restartPolicy)
      t.match(story.changes, [{ phase: 'pending', cause: 'completed', reason: waiting }])
      t.match(story.changes[0], { delayMs: undefined }, 'that is no restart')
    }
    t.match(story.instance(), { failures: 0, restarts: 0, last: { run: 3 } })
    t.equal(story.state.phase, 'running')
  }
})

t.test('who accepts nobody and succeeds is started once a second at most', async (t) => {
  const story = storyOf().take(connected).run(1).wait(300).end(1)
  t.same(words(story), ['kill off', 'start 2000'])
  t.match(view(story.state).processes[0], { isReady: true, instances: [{ reason: waiting }] })
  t.same(words(story.take(connected)), [], 'nobody is looked for')
  story.wait(700).take({ type: 'deadline', key: 'web.1/start' })
  t.same(words(story), ['watchSockets web'])
  t.same(words(story.take(connected)), ['spawn 2'])
})

t.test('a failure is followed by a backoff, and then by the next connection', async (t) => {
  const story = storyOf().take(connected).run(1).end(1, 1)
  t.same(words(story), ['kill off', 'watchSockets web'], 'the first wait is none')
  t.match(story.changes, [{ phase: 'pending', cause: 'error', reason: waiting }])
  story.take(connected).run(2).end(2, 1)
  t.match(story.instance(), { phase: 'backoff', failures: 2, restarts: 2 })
  t.same(words(story.take(connected)), [], 'nobody is looked for')
  story.wait(100).take({ type: 'deadline', key: 'web.1/start' })
  t.same(words(story), ['watchSockets web'])
  t.same(words(story.take(connected)), ['spawn 3'])
})

t.test('its restart policy and limit hold for failures', async (t) => {
  const once = storyOf({ restartPolicy: 'Never' }).take(connected).run(1).end(1, 3)
  t.match(once.state.ending, { reason: 'web.1 failed', code: 3 })
  const limited = storyOf({ restartLimit: { count: 0, withinMs: 1000 } })
  t.equal(limited.take(connected).run(1).end(1, 3).instance().phase, 'failed')
  const last = storyOf({ isShutdownOnExit: true }).take(connected).run(1).end(1)
  t.match(last.state.ending, { reason: 'web.1 succeeded', code: 0 })
})

t.test('what it depends on comes first, also when that is gone at a connection', async (t) => {
  const story = new Story(
    processSpec('web', { ...onDemand, dependsOn: [{ process: 'db', condition: 'ready' }] }),
    processSpec('db'),
  ).take({ type: 'begin' })
  t.match(story.instance(), { isWaiting: true, awaited: null })
  t.ok(view(story.state).processes[0]?.isReady, 'who connects waits for that too')
  story.run(1)
  t.same(words(story), ['watchSockets web'])
  story.take({ type: 'exited', run: 1, status: { code: 1, signal: 0 } }, connected)
  t.match(story.instance(), { isWaiting: true, awaited: null, live: null })
  story.take({ type: 'emptied', run: 1 }).run(2)
  t.same(words(story), ['watchSockets web'])
  t.same(words(story.take(connected)), ['spawn 3'])
})

t.test('instances that wait are started beside those that run', async (t) => {
  const story = storyOf({ replicas: 2 }).take(connected).run(1).run(2).wait(1000).end(1)
  t.same(words(story), ['kill off', 'watchSockets web'])
  t.same(words(story.take(connected)), ['spawn 3'])
  t.equal(story.instance('web.2').live?.run, 2)
})

t.test('a shutdown ends the wait, and a pause', async (t) => {
  const stop = { type: 'signalled', signal: 15 } as const
  const story = storyOf().take(stop)
  t.match(story.instance(), { phase: 'stopped', awaited: null })
  t.ok(words(story).includes('unwatchSockets web'))
  const paused = storyOf().take(connected).run(1).end(1).take(stop)
  t.match(paused.instance(), { phase: 'stopped', awaited: null })
  t.ok(words(paused).includes('start off'))
})

t.test('a start that the kernel puts off waits for the connection again', async (t) => {
  const story = storyOf().take(connected, {
    ...{ type: 'spawnFailed', run: 1, errno: 'EAGAIN', step: 'fork' },
  })
  t.same(words(story), ['start 1500'])
  story.wait(500).take({ type: 'deadline', key: 'web.1/start' })
  t.same(words(story), ['watchSockets web'])
})

t.test('alone it keeps Ringmaster running', async (t) => {
  const story = storyOf({ restartPolicy: 'Never' }).take(connected).run(1).wait(5000).end(1)
  t.match(story.state, { phase: 'running', ending: null })
})

t.test('other sockets are watched when the process has others', async (t) => {
  const story = storyOf()
  const processes = story.state.processes.map((spec) => ({ ...spec, sockets: ['other'] }))
  story.state = { ...story.state, processes }
  story.take({ type: 'maintenance', isOn: true, by: 'test' })
  t.same(words(story), ['unwatchSockets web', 'watchSockets web'])
  t.match(story.effects.at(-1), { sockets: ['other'] })
})

t.test('somebody starts it as a connection does', async (t) => {
  const story = storyOf({ autoStart: false })
  t.match(story.instance(), { phase: 'stopped', wasReady: false })
  story.take({ type: 'start', instances: ['web.1'], by: 'test' })
  t.same(words(story), ['spawn 1'])
  t.match(view(story.state), { isReady: true, isStarted: true })
})
