import t from 'tap'
import { view } from '../../../src/core/view.ts'
import {
  apply,
  command,
  due,
  names,
  readiness,
  rolling,
  running,
  surging,
  told,
  webOf,
} from '../../rig/rolling.ts'
import { probeSpec, processSpec } from '../../rig/specs.ts'
import { Story, words } from '../../rig/story.ts'

t.test('without a surge the next one goes when the new one is ready', async (t) => {
  const story = rolling({ replicas: 3 })
  t.same(told(story.changes), ['started 2 apply'])
  t.same(words(story), ['signal 1 15', 'kill 71000'], 'the lowest number goes first')
  t.same(words(story.end(1)).slice(0, 3), ['kill off', 'forget web.1', 'spawn 4'])
  t.match(story.effects.at(2), { number: 1, spec: { template: { command: ['/new'] } } })
  story.run(4)
  t.same(words(story), ['rollout 62000'], 'it has to be up for a second')
  story.wait(1000).take(due)
  t.same(words(story).slice(0, 2), ['signal 2 15', 'kill 72000'])
  story.end(2).run(5).wait(1000).take(due).end(3).run(6)
  t.match(webOf(story), { rollout: { updated: 3, available: 2 }, lastRollout: null })
  story.wait(1000).take(due)
  t.same(told(story.changes), ['completed 2'])
  t.match(webOf(story), { revision: 2, rollout: null, lastRollout: { result: 'completed' } })
  t.same(names(story), ['web.1', 'web.2', 'web.3'])
  t.notOk(story.effects.some((effect) => effect.type === 'wake' && effect.atMonoMs !== null))
})

t.test('with a surge a new one is ready before an old one goes; gaps stay', async (t) => {
  const story = rolling({ replicas: 2, ...surging })
  t.same(words(story).slice(0, 1), ['spawn 3'])
  t.same(names(story), ['web.1', 'web.2', 'web.3'])
  story.run(3).wait(1000).take(due)
  t.same(words(story).slice(0, 2), ['signal 1 15', 'kill 72000'])
  t.same(words(story.end(1)).slice(0, 3), ['kill off', 'forget web.1', 'spawn 4'])
  story.run(4).wait(1000).take(due)
  t.same(told(story.changes), ['completed 2'])
  story.end(2)
  t.same(names(story), ['web.1', 'web.3'])
})

t.test('ready is what the readiness probe says, for as long as is wanted', async (t) => {
  const story = rolling({ ...surging, ...readiness, minReadyMs: 5000 }).run(2)
  t.notOk(names(story).length === 1)
  story.take({ type: 'probed', run: 2, probe: 'readiness', isOk: true, detail: '', durationMs: 1 })
  t.ok(words(story).includes('rollout 66000'))
  story.wait(5000).take(due)
  t.ok(words(story).includes('signal 1 15'))
})

t.test('Recreate: all go, and when none lives all are made', async (t) => {
  const story = rolling({ replicas: 2, strategy: { type: 'Recreate' } })
  t.same(words(story), ['signal 1 15', 'kill 71000', 'signal 2 15', 'kill 71000'])
  t.same(words(story.end(1)), ['kill off', 'forget web.1'])
  t.same(words(story.end(2)).slice(2, 4), ['spawn 3', 'spawn 4'])
})

t.test('shares are rounded as Kubernetes does: surge up, missing down', async (t) => {
  const strategy = { type: 'RollingUpdate', maxSurge: '25%', maxUnavailable: '25%' } as const
  const story = rolling({ replicas: 5, strategy })
  t.equal(words(story).filter((word) => word.startsWith('spawn')).length, 2)
  t.equal(words(story).filter((word) => word.startsWith('signal')).length, 1)
})

t.test('a restart replaces all instances by such of the same spec', async (t) => {
  const story = running({ replicas: 2, ...surging }).take({
    ...{ type: 'rollout', process: 'web', action: 'restart', by: 'test' },
  })
  t.same(words(story).slice(0, 1), ['spawn 3'])
  story.run(3).wait(1000).take(due).end(1).run(4).wait(1000).take(due)
  t.same(told(story.changes), ['completed 1'])
  t.equal(webOf(story)?.revisions.length, 1)
})

t.test('while it is paused nothing is replaced, and no time passes', async (t) => {
  const wish = (action: 'pause' | 'resume') =>
    ({ type: 'rollout', process: 'web', action, by: 'test' }) as const
  const story = rolling({ replicas: 2, ...surging })
    .take(wish('pause'))
    .run(3)
  story.wait(600_000).take({ type: 'outputEnded', run: 99 })
  t.notOk(words(story).some((word) => /^(spawn|signal)/.test(word)))
  t.match(webOf(story), { isPaused: true, rollout: { updated: 1 } })
  t.ok(words(story.take(wish('resume'))).includes('signal 1 15'))
})

t.test('a process that is no more stops after those that depend on it', async (t) => {
  const web = processSpec('web', { dependsOn: [{ process: 'db', condition: 'started' }] })
  const story = new Story(web, processSpec('db'), processSpec('api')).take({ type: 'begin' })
  story
    .run(1)
    .run(2)
    .run(3)
    .take(apply(processSpec('api')))
  t.same(words(story), ['signal 3 15', 'kill 11000'])
  t.same(words(story.end(3)).slice(0, 3), ['kill off', 'forget web.1', 'signal 1 15'])
  story.end(1)
  t.same(names(story), ['api.1'])
  t.same(
    view(story.state).processes.map(({ name }) => name),
    ['api'],
  )
})

t.test('a scale in a rollout counts at once', async (t) => {
  const story = rolling({ replicas: 2 }).take({ type: 'scale', process: 'web', replicas: 3 })
  t.ok(words(story).includes('spawn 3'))
  t.match(story.instance('web.3'), { revision: 2 })
})

t.test('what was stopped gets the new spec and stays stopped', async (t) => {
  const story = running({ autoStart: false }).take(
    apply(command('/new', processSpec('web', { autoStart: false }))),
  )
  t.same(words(story), ['forget web.1'])
  t.match(story.instance('web.1'), { phase: 'stopped', revision: 2 })
  t.same(told(story.changes), ['started 2 apply', 'completed 2'])
})

t.test('a shutdown interrupts a rollout, and refuses an apply', async (t) => {
  const story = rolling({ replicas: 2 }).take({ type: 'signalled', signal: 15 })
  t.same(told(story.changes), ['superseded 2'])
  story.take(apply(processSpec('web')))
  t.match(story.changes, [{ type: 'config', problem: 'ringmaster shuts down' }])
})

t.test('a probe that changes goes on with what was known', async (t) => {
  const story = running(readiness)
  const ok = { type: 'probed', run: 1, probe: 'readiness', isOk: true, detail: '', durationMs: 1 }
  story.take(ok as never)
  story.take(apply(processSpec('web', { probes: { readiness: probeSpec({ periodMs: 500 }) } })))
  t.same(words(story), ['adopt 1', 'readiness off', 'readiness 61000'])
  t.ok(webOf(story)?.isReady)
  story.take(apply(processSpec('web')))
  t.same(words(story), ['adopt 1', 'readiness off'])
  t.ok(webOf(story)?.isReady)
})
