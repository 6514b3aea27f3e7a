import t from 'tap'
import { view } from '../../../src/core/view.ts'
import type { Condition } from '../../../src/plan/process-spec.ts'
import { type ProcessGiven, probeSpec, processSpec } from '../../rig/specs.ts'
import { Story, shown, words } from '../../rig/story.ts'

const on = (process: string, condition: Condition = 'ready') => ({
  dependsOn: [{ process, condition }],
})
const result = { type: 'probed', run: 1, probe: 'readiness', durationMs: 1 } as const
const optional = { isEssential: false, restartPolicy: 'Never' } as const

/** `web` depends on `db`, which is run 1. */
function webOnDb(condition: Condition, db: ProcessGiven = {}, web: ProcessGiven = {}): Story {
  return new Story(
    processSpec('web', { ...on('db', condition), ...web }),
    processSpec('db', db),
  ).take({ type: 'begin' })
}

t.test('a start waits for what it depends on, and that is said once', async (t) => {
  const story = webOnDb('ready')
  t.match(story.instance('web.1'), { phase: 'pending', isWaiting: true, live: null })
  t.same(words(story), ['spawn 1'], 'db alone')
  t.match(
    story.changes.filter(({ type }) => type === 'instance'),
    [{ instance: 'web.1', phase: 'pending', reason: 'waiting for db: ready' }],
  )
  t.match(story.changes.length, 2)
  story.take({ type: 'spawned', run: 1, pid: 101 })
  t.same(words(story), [])
  story.take({ type: 'executed', run: 1 })
  t.same(words(story), ['spawn 2'])
  t.match(story.instance('web.1'), { isWaiting: false, live: { run: 2 }, restarts: 0, failures: 0 })
  t.equal(story.allChanges.filter((change) => 'reason' in change && change.reason).length, 2)
})

t.test('each condition holds from its own moment on', async (t) => {
  for (const [condition, moment] of [
    ['started', 'run'],
    ['ready', 'run'],
    ['succeeded', 'end'],
  ] as const) {
    const story = webOnDb(condition, { restartPolicy: 'OnFailure' }).run(1)
    t.equal(story.instance('web.1').isWaiting, moment === 'end', condition)
    if (moment === 'end') t.same(words(story.end(1)).at(-1), 'spawn 2')
  }
})

t.test('what has succeeded counts as started and as ready', async (t) => {
  for (const condition of ['started', 'ready'] as const) {
    const story = webOnDb(condition, { restartPolicy: 'OnFailure' })
    story.take({ type: 'spawned', run: 1, pid: 101 }, { type: 'executed', run: 1 }).end(1)
    story.take({ type: 'spawned', run: 2, pid: 102 }).run(2).end(2, 1)
    t.match(story.instance('web.1'), { phase: 'pending', isWaiting: false }, condition)
  }
})

t.test('a restart waits too, and a dependency that is lost stops nobody', async (t) => {
  const story = webOnDb('ready').run(1).run(2).end(1, 1)
  t.equal(story.instance('web.1').phase, 'running')
  t.equal(story.instance('db.1').live?.run, 3)
  story.end(2, 1)
  t.match(story.instance('web.1'), { phase: 'pending', isWaiting: true, restarts: 1, failures: 1 })
  t.match(story.changes.at(-1), { cause: 'error', reason: 'waiting for db: ready' })
  story.run(3)
  t.match(story.instance('web.1'), { live: { run: 4 }, restarts: 1, failures: 1 })
})

t.test('a wait before a restart comes first', async (t) => {
  const story = webOnDb('ready').run(1).run(2).end(2, 1).run(3).end(3, 1).end(1, 1)
  t.equal(story.instance('web.1').phase, 'backoff')
  story.take({ type: 'deadline', key: 'web.1/start' })
  t.match(story.instance('web.1'), { phase: 'pending', isWaiting: true })
})

t.test('of several instances one may be missing, but never all', async (t) => {
  const story = webOnDb('ready', { replicas: 3 }).run(1)
  t.equal(story.instance('web.1').isWaiting, true)
  story.run(2)
  t.equal(story.instance('web.1').isWaiting, false)
})

t.test('all have to succeed', async (t) => {
  const story = webOnDb('succeeded', { replicas: 2, restartPolicy: 'OnFailure' }).run(1).run(2)
  t.equal(story.end(1).instance('web.1').isWaiting, true)
  t.equal(story.end(2).instance('web.1').isWaiting, false)
  const none = webOnDb('succeeded', { replicas: 0 })
  t.equal(none.instance('web.1').isWaiting, true, 'none is not all')
})

t.test('what is told of the wait is what is known of the dependency', async (t) => {
  const reason = (story: Story) => shown(story)?.reason
  const story = new Story(
    processSpec('web', {
      dependsOn: [
        { process: 'db', condition: 'ready' },
        { process: 'migrate', condition: 'succeeded' },
      ],
    }),
    processSpec('db'),
    processSpec('migrate', optional),
  ).take({ type: 'begin' })
  t.equal(reason(story), 'waiting for db: ready, migrate: succeeded')
  story.run(1).end(1, 1).run(3).end(3, 1)
  t.equal(reason(story), 'waiting for db: backoff, migrate: succeeded')
  story.take({ type: 'deadline', key: 'db.1/start' }).run(4)
  t.equal(reason(story), 'waiting for migrate: succeeded')
  t.equal(reason(story.run(2).end(2, 1)), 'waiting for migrate: failed')
  t.equal(view(story.state).processes[1]?.instances[0]?.reason, null)
})

t.test('a probe that fails is told by those who wait for it', async (t) => {
  const story = webOnDb('ready', { probes: { readiness: probeSpec() } }).run(1)
  const reason = () => shown(story)?.reason
  t.equal(reason(), 'waiting for db: readiness: no result yet')
  const detail = 'connect ECONNREFUSED 127.0.0.1:5432'
  story.take({ ...result, isOk: false, detail })
  t.match(reason(), 'waiting for db: readiness: connect ECONNREFUSED 127.0.0.1:5432')
  story.take({ ...result, isOk: true, detail: '' })
  t.match(story.instance('web.1'), { isWaiting: false, live: { run: 2 } })
  const job = webOnDb('succeeded', { probes: { readiness: probeSpec() } }).run(1)
  t.equal(shown(job)?.reason, 'waiting for db: succeeded')
})

t.test('what has started may not be ready', async (t) => {
  const probes = { startup: probeSpec(), readiness: probeSpec() }
  const story = webOnDb('started', { probes }).run(1)
  t.match(story.instance('web.1'), { isWaiting: true })
  story.take({ ...result, probe: 'startup', isOk: true, detail: '' })
  t.match(story.instance('web.1'), { isWaiting: false })
  t.match(view(story.state).processes[1], { isReady: false })
})

t.test('what is needed is started, though it does not start by itself', async (t) => {
  const story = webOnDb('ready', { autoStart: false })
  t.same(words(story), ['spawn 1'])
  t.match(view(story.state).processes[1], { name: 'db', counts: true })
})

t.test('a dependency that has failed keeps its dependents pending', async (t) => {
  const story = new Story(
    processSpec('web', on('db')),
    processSpec('db', optional),
    processSpec('other'),
  )
  story.take({ type: 'begin' }).run(1).run(2).end(1, 3)
  t.match(story.instance('web.1').live, { run: 3 }, 'it was ready once')
  story.run(3).end(3, 1)
  t.match(story.state, { phase: 'running' })
  t.match(story.instance('web.1'), { phase: 'pending', isWaiting: true })
})

t.test('when all that is left waits in vain, nothing can run again', async (t) => {
  const story = new Story(
    processSpec('web', on('api')),
    processSpec('api', on('db')),
    processSpec('db', optional),
  ).take({ type: 'begin' })
  story.take({ type: 'spawnFailed', run: 1, errno: 'EPERM', step: 'fork' })
  t.match(story.state.ending, { reason: 'all processes ended', code: 126 })
  t.equal(story.state.phase, 'sweeping')
  const succeeding = webOnDb('succeeded', { ...optional, replicas: 2 })
  t.equal(succeeding.run(1).run(2).end(1, 5).state.phase, 'running', 'the other one runs')
  t.match(succeeding.end(2).state.ending, { code: 5 })
})

t.test('what waits for something that may still come is no end', async (t) => {
  const story = webOnDb('ready', { isEssential: false }).run(1)
  story.take({ type: 'exited', run: 1, status: { code: 1, signal: 0 } })
  t.equal(story.state.phase, 'running')
  const stopped = new Story(processSpec('web', on('none')), processSpec('none', { replicas: 0 }))
  t.equal(stopped.take({ type: 'begin' }).state.phase, 'running', 'instances may be added')
})

t.test('one of two that has failed leaves the other to wait for', async (t) => {
  const story = webOnDb('ready', { ...optional, replicas: 2 })
  story.take({ type: 'spawnFailed', run: 1, errno: 'EPERM', step: 'fork' })
  t.equal(story.state.phase, 'running')
  t.match(story.run(2).instance('web.1'), { isWaiting: false })
})

t.test('a stop ends the wait', async (t) => {
  const story = webOnDb('ready').take({ type: 'signalled', signal: 15 })
  t.match(story.instance('web.1'), { phase: 'stopped', isWaiting: false })
})

t.test('a delay comes before the wait', async (t) => {
  const story = webOnDb('ready', {}, { startDelayMs: 500 })
  t.same(words(story), ['start 1500', 'spawn 1'])
  story.take({ type: 'deadline', key: 'web.1/start' })
  t.match(story.instance('web.1'), { isWaiting: true })
  t.same(words(story.run(1)), ['spawn 2'])
})
