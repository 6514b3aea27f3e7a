import t from 'tap'
import { view } from '../../../src/core/view.ts'
import type { Dependency } from '../../../src/plan/process-spec.ts'
import { processSpec } from '../../rig/specs.ts'
import { Story, words } from '../../rig/story.ts'

const by = 'uid 0, pid 9'
const start = (...instances: string[]) => ({ type: 'start', instances, by }) as const
const stop = (...instances: string[]) => ({ type: 'stop', instances, by }) as const
const restart = (...instances: string[]) => ({ type: 'restart', instances, by }) as const
const ready = (process: string): Dependency => ({ process, condition: 'ready' })
const phases = (story: Story) =>
  Object.fromEntries(story.state.instances.map(({ name, phase }) => [name, phase]))

t.test('what a user has stopped stays so, is not ready, and is told with who asked', async (t) => {
  const story = new Story(processSpec('web', { replicas: 2 })).take({ type: 'begin' }).run(1).run(2)
  story.take(stop('web.1', 'web.2'))
  t.same(words(story), ['signal 1 15', 'kill 11000', 'signal 2 15', 'kill 11000'])
  t.match(story.changes, [
    { type: 'command', command: 'stop', instances: ['web.1', 'web.2'], by },
    { instance: 'web.1', phase: 'stopping', reason: 'stop by uid 0, pid 9' },
    { instance: 'web.2', phase: 'stopping' },
  ])
  story.end(1).end(2)
  t.same(phases(story), { 'web.1': 'stopped', 'web.2': 'stopped' })
  t.equal(view(story.state).isReady, false)
  t.equal(story.state.phase, 'running', 'nobody ends with it')
  story.take(stop('web.1'))
  t.same(words(story), [])
})

t.test('a stop leaves those alone that depend on it', async (t) => {
  const story = new Story(processSpec('web', { dependsOn: [ready('db')] }), processSpec('db'))
  story.take({ type: 'begin' }).run(1).run(2).take(stop('db.1'))
  t.same(words(story), ['signal 1 15', 'kill 11000'])
  t.equal(phases(story)['web.1'], 'running')
})

t.test('a start starts what it needs, and only that', async (t) => {
  const story = new Story(
    processSpec('web', { dependsOn: [ready('api')], autoStart: false }),
    processSpec('api', { dependsOn: [ready('db')], autoStart: false }),
    processSpec('db', { autoStart: false }),
    processSpec('other', { autoStart: false }),
  ).take({ type: 'begin' }, start('web.1'))
  t.same(phases(story), {
    ...{ 'web.1': 'pending', 'api.1': 'pending', 'db.1': 'pending', 'other.1': 'stopped' },
  })
  t.same(words(story), ['spawn 1'])
  story.run(1)
  t.same(words(story), ['spawn 2'])
  story.run(2).run(3).take(stop('db.1')).end(1).take(stop('web.1')).end(3)
  story.take(start('web.1'))
  t.equal(phases(story)['db.1'], 'stopped', 'what it needs itself is there')
  t.same(words(story), ['spawn 4'])
})

t.test('what a start needs comes back, also when it is still about to end', async (t) => {
  const story = new Story(processSpec('web', { dependsOn: [ready('db')] }), processSpec('db'))
  story.take({ type: 'begin' }).run(1).run(2).take(stop('web.1', 'db.1')).end(2)
  t.same(phases(story), { 'web.1': 'stopped', 'db.1': 'stopping' })
  story.take(start('web.1')).end(1).run(3).run(4)
  t.same(phases(story), { 'web.1': 'running', 'db.1': 'running' })
})

t.test('a start forgives what has failed, and begins anew', async (t) => {
  const restartLimit = { count: 1, withinMs: 60_000 }
  const given = { restartLimit, isEssential: false } as const
  const story = new Story(processSpec('web', given), processSpec('other')).take({ type: 'begin' })
  story.run(2).run(1).end(1, 3).run(3).end(3, 3)
  t.equal(story.instance().phase, 'failed')
  t.equal(story.state.firstFailureCode, 3)
  story.take(start('web.1')).run(4).end(4, 3)
  t.match(story.instance(), { phase: 'pending', failures: 1 })
  t.equal(story.state.firstFailureCode, null)
})

t.test('a start ends a wait for a backoff', async (t) => {
  const story = new Story(processSpec('web'))
    .take({ type: 'begin' })
    .run(1)
    .end(1, 3)
    .run(2)
    .end(2, 3)
  t.equal(story.instance().phase, 'backoff')
  story.take(start('web.1'))
  t.same(words(story), ['start off', 'spawn 3'])
})

t.test('a restart is no failure, and no restart of Ringmaster', async (t) => {
  const story = new Story(processSpec('web')).take({ type: 'begin' }).run(1).take(restart('web.1'))
  t.same(words(story), ['signal 1 15', 'kill 11000'])
  story.take(restart('web.1'))
  t.same(words(story), [], 'one is enough')
  story.end(1, 0, 15)
  t.match(story.instance(), { phase: 'pending', restarts: 0, failures: 0 })
  t.match(story.instance().last, { cause: 'stop-requested' })
})

t.test('a run that is ending is followed by another one, whatever its end says', async (t) => {
  for (const wish of [start('web.1'), restart('web.1')]) {
    const given = { restartPolicy: 'Never', isEssential: false } as const
    const story = new Story(processSpec('web', given), processSpec('other')).take({ type: 'begin' })
    story
      .run(1)
      .run(2)
      .take({ type: 'exited', run: 1, status: { code: 3, signal: 0 } }, wish)
    story.take({ type: 'emptied', run: 1 })
    t.match(story.instance(), { phase: 'pending', live: { run: 3 } }, wish.type)
  }
})

t.test('the newest wish counts', async (t) => {
  for (const [wishes, phase] of [
    [[stop, start], 'pending'],
    [[stop, restart], 'pending'],
    [[restart, stop], 'stopped'],
    [[stop, start, stop], 'stopped'],
    [[restart, stop, start], 'pending'],
  ] as const) {
    const story = new Story(processSpec('web'), processSpec('other')).take({ type: 'begin' })
    story
      .run(1)
      .take(...wishes.map((wish) => wish('web.1')))
      .end(1)
    t.equal(story.instance().phase, phase, wishes.map((wish) => wish('').type).join(', '))
  }
})

t.test('a group that has failed is started as one', async (t) => {
  const given = { isEssential: false } as const
  const story = new Story(processSpec('a', given), processSpec('b', given), processSpec('c')).with({
    ...{ name: 'g', processes: ['a', 'b'], strategy: 'OneForAll', isEssential: false },
    restartLimit: { count: 0, withinMs: 60_000 },
  })
  story.take({ type: 'begin' }).run(1).run(2).run(3).end(1, 3).end(2)
  t.match(phases(story), { 'a.1': 'failed', 'b.1': 'failed' })
  story.take(start('b.1')).run(4).run(5)
  t.match(phases(story), { 'a.1': 'running', 'b.1': 'running' })
  t.equal(story.state.groups[0]?.isFailed, false)
})

t.test('in a shutdown nobody starts anything', async (t) => {
  const story = new Story(processSpec('web', { autoStart: false }), processSpec('db'))
  story.take({ type: 'begin' }).run(1).take({ type: 'signalled', signal: 15 }, start('web.1'))
  t.same([story.changes, words(story)], [[], []])
})

t.test('a signal goes to main processes that live', async (t) => {
  const story = new Story(processSpec('web', { replicas: 3 })).take({ type: 'begin' }).run(1).run(2)
  story.take({ type: 'exited', run: 2, status: { code: 1, signal: 0 } })
  const instances = ['web.1', 'web.2', 'web.3']
  story.take({ type: 'send', instances, signal: 10, to: 'tree', by })
  t.same(words(story), ['send 1 10 tree'])
  t.match(story.changes, [{ command: 'send', signal: 10, by }])
})
