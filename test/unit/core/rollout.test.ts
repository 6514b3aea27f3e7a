import t from 'tap'
import type { Change } from '../../../src/core/changes.ts'
import { obstacleToUndo } from '../../../src/core/obstacle.ts'
import { view } from '../../../src/core/view.ts'
import type { ProcessSpec } from '../../../src/plan/process-spec.ts'
import { type ProcessGiven, planOf, probeSpec, processSpec } from '../../rig/specs.ts'
import { Story, words } from '../../rig/story.ts'

const command = (name: string, spec: ProcessSpec): ProcessSpec => ({
  ...spec,
  template: { ...spec.template, command: [name] },
})
const apply = (...processes: readonly ProcessSpec[]) =>
  ({ type: 'apply', plan: planOf(...processes), by: 'test' }) as const
const surging: ProcessGiven = {
  strategy: { type: 'RollingUpdate', maxSurge: 1, maxUnavailable: 0 },
}
const readiness = { probes: { readiness: probeSpec() } }
const due = { type: 'deadline', key: 'web/rollout' } as const

/** All instances run and have done so for long; the first one as run 1. */
function running(given: ProcessGiven = {}): Story {
  const story = new Story(processSpec('web', given)).take({ type: 'begin' })
  for (const { live } of story.state.instances) if (live) story.run(live.run)
  return story.wait(60_000)
}

/** A new spec is applied. */
function rolling(given: ProcessGiven = {}): Story {
  return running(given).take(apply(command('/new', processSpec('web', given))))
}

const names = ({ state }: Story) => state.instances.map(({ name }) => name)
const told = (changes: readonly Change[]) =>
  changes.flatMap((one) => {
    return one.type === 'rollout' ? `${one.state} ${one.revision} ${one.reason}`.trim() : []
  })
const process = ({ state }: Story) => view(state).processes[0]

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
  t.match(process(story), { rollout: { updated: 3, available: 2 }, lastRollout: null })
  story.wait(1000).take(due)
  t.same(told(story.changes), ['completed 2'])
  t.match(process(story), { revision: 2, rollout: null, lastRollout: { result: 'completed' } })
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

t.test('a new one that ends three times is a failure: the old spec comes back', async (t) => {
  const story = rolling({ replicas: 2, isEssential: true })
  story.end(1).run(3).end(3, 1).run(4).end(4, 1)
  t.equal(story.instance('web.1').phase, 'backoff')
  story.wait(100).take({ type: 'deadline', key: 'web.1/start' }).run(5).end(5, 1)
  t.same(told(story.changes), ['failed 2 web.1 ended 3 times', 'started 1 return'])
  t.ok(words(story).includes('spawn 6'))
  t.match(
    story.effects.find(({ type }) => type === 'spawn'),
    {
      spec: { template: { command: ['/bin/true'] } },
    },
  )
  t.equal(story.state.phase, 'running', 'it fails only the rollout')
  story.run(6).wait(1000).take(due)
  t.same(told(story.changes), ['returned 1 web.1 ended 3 times'])
  t.match(process(story), {
    revision: 1,
    lastRollout: { result: 'returned', reason: 'web.1 ended 3 times' },
    revisions: [{ isGood: true }, { number: 2, isGood: false, changes: ['command'] }],
  })
})

t.test('a new one that has failed for good fails the rollout at once, and no more', async (t) => {
  const story = rolling({ replicas: 2, restartPolicy: 'Never', isEssential: true })
  story.end(1).run(3).end(3, 1)
  t.same(told(story.changes), ['failed 2 web.1 failed', 'started 1 return'])
  t.equal(story.state.phase, 'running')
})

t.test('nothing that became ready in time is a failure; who is old stays', async (t) => {
  const story = rolling({ replicas: 2, ...surging, ...readiness }).run(3)
  story.wait(60_000).take(due)
  t.same(told(story.changes), [
    'failed 2 no new instance became ready for 60 s',
    'started 1 return',
  ])
  t.ok(words(story).includes('signal 3 15'), 'the new one goes')
  t.equal(words(story).filter((word) => word.startsWith('signal')).length, 1)
})

t.test('the old spec returns when the files say it again, without new runs', async (t) => {
  const story = rolling({ replicas: 2, ...surging }).run(3)
  story.take(apply(processSpec('web', { replicas: 2, ...surging })))
  t.same(told(story.changes), ['superseded 2', 'started 1 apply', 'completed 1'])
  t.same(
    words(story).filter((word) => word.startsWith('signal')),
    ['signal 3 15'],
  )
})

t.test('a newer spec supersedes; the last good one stays the one that completed', async (t) => {
  const story = rolling({ replicas: 2 }).end(1).run(3)
  story.take(apply(command('/newer', processSpec('web', { replicas: 2, restartPolicy: 'Never' }))))
  t.same(told(story.changes), ['superseded 2', 'started 3 apply'])
  t.ok(words(story).includes('signal 3 15'), 'what is not ready goes first')
  story.end(3).run(4).end(4, 1)
  t.same(told(story.changes), ['failed 3 web.1 failed', 'started 1 return'])
})

t.test('what needs no new runs changes at once, and is a revision', async (t) => {
  const story = running({ replicas: 2 }).take(
    apply(processSpec('web', { replicas: 3, graceMs: 50 })),
  )
  t.same(words(story), ['adopt 1', 'adopt 2', 'spawn 3'])
  t.match(story.changes[0], {
    diff: {
      processes: [{ kind: 'update', fields: ['terminationGracePeriodSeconds', 'replicas'] }],
    },
  })
  t.match(process(story), { revision: 2, replicas: 3, revisions: [{}, { isGood: true }] })
  t.same(words(story.take({ type: 'scale', process: 'web', replicas: 2 })), ['cancelSpawn 3'])
})

t.test('undo returns to the one before, or to the one that is named', async (t) => {
  const story = running().take(apply(processSpec('web', { graceMs: 1 })))
  story.take(apply(processSpec('web', { graceMs: 2 })))
  const undo = (toRevision: number | null) =>
    ({ type: 'rollout', process: 'web', action: 'undo', toRevision, by: 'test' }) as const
  t.equal(process(story.take(undo(null)))?.revision, 2)
  t.equal(process(story.take(undo(null)))?.revision, 3)
  t.equal(process(story.take(undo(1)))?.revision, 1)
  t.equal(process(story.take(undo(9)))?.revision, 1)
  t.equal(story.state.processes[0]?.graceMs, 10_000)
})

t.test('there is no way back to dependencies that make a circle now, or are no more', async (t) => {
  const on = (process: string) => ({ dependsOn: [{ process, condition: 'started' }] }) as const
  const story = new Story(processSpec('web', on('api')), processSpec('api')).take({ type: 'begin' })
  story
    .run(1)
    .run(2)
    .take(apply(processSpec('web'), processSpec('api', on('web'))))
  const undo = {
    type: 'rollout',
    process: 'web',
    action: 'undo',
    toRevision: 1,
    by: 'test',
  } as const
  t.equal(obstacleToUndo(story.state, 'web', 1), 'it depends on api, which depends on web now')
  t.equal(process(story.take(undo))?.revision, 2)
  story.take({ ...undo, process: 'api' })
  t.equal(obstacleToUndo(story.state, 'web', null), null, 'once that has gone back')
  t.equal(process(story.take(undo))?.revision, 1)
  story.take(apply(processSpec('web')))
  t.equal(obstacleToUndo(story.state, 'web', 1), 'it depends on api, which is no more')
  t.equal(obstacleToUndo(story.state, 'web', 9), null)
})

t.test('what a rollout returns to depends on what can be', async (t) => {
  const on = (process: string) => ({ dependsOn: [{ process, condition: 'started' }] }) as const
  const story = new Story(processSpec('web', on('api')), processSpec('api')).take({ type: 'begin' })
  story.run(1).run(2).wait(60_000)
  const web = command('/new', processSpec('web', { restartPolicy: 'Never' }))
  story
    .take(apply(web, processSpec('api', on('web'))))
    .end(2)
    .run(3)
    .end(3, 1)
  t.same(told(story.changes), ['failed 2 web.1 failed', 'started 1 return'])
  t.same(
    story.state.processes.map(({ dependsOn }) => dependsOn.length),
    [0, 1],
  )
})

t.test('a restart replaces all instances by such of the same spec', async (t) => {
  const story = running({ replicas: 2, ...surging }).take({
    ...{ type: 'rollout', process: 'web', action: 'restart', by: 'test' },
  })
  t.same(words(story).slice(0, 1), ['spawn 3'])
  story.run(3).wait(1000).take(due).end(1).run(4).wait(1000).take(due)
  t.same(told(story.changes), ['completed 1'])
  t.equal(process(story)?.revisions.length, 1)
})

t.test('a restart that fails leaves those that are old', async (t) => {
  const given = { replicas: 2, ...surging, ...readiness }
  const story = running(given)
  for (const run of [1, 2]) {
    story.take({ type: 'probed', run, probe: 'readiness', isOk: true, detail: '', durationMs: 1 })
  }
  story.take({ type: 'rollout', process: 'web', action: 'restart', by: 'test' }).run(3)
  story.wait(60_000).take(due)
  t.same(told(story.changes), ['failed 1 no new instance became ready for 60 s'])
  t.ok(words(story).includes('signal 3 15'), 'the one that is too many goes')
})

t.test('while it is paused nothing is replaced, and no time passes', async (t) => {
  const wish = (action: 'pause' | 'resume') =>
    ({ type: 'rollout', process: 'web', action, by: 'test' }) as const
  const story = rolling({ replicas: 2, ...surging })
    .take(wish('pause'))
    .run(3)
  story.wait(600_000).take({ type: 'outputEnded', run: 99 })
  t.notOk(words(story).some((word) => /^(spawn|signal)/.test(word)))
  t.match(process(story), { isPaused: true, rollout: { updated: 1 } })
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

t.test('a process that is new starts, and its failure ends nothing else', async (t) => {
  const story = running().take(
    apply(processSpec('web'), processSpec('job', { restartPolicy: 'Never' })),
  )
  t.ok(words(story).includes('spawn 2'))
  story.run(2).end(2, 1)
  t.same(told(story.changes), ['failed 1 job.1 failed'])
  t.equal(story.state.phase, 'running')
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
  t.ok(process(story)?.isReady)
  story.take(apply(processSpec('web')))
  t.same(words(story), ['adopt 1', 'readiness off'])
  t.ok(process(story)?.isReady)
})

t.test('ten revisions are kept, the good one among them', async (t) => {
  const story = running({ restartPolicy: 'Never' })
  for (let count = 1; count <= 15; count++) {
    story.take(apply(command(`/${count}`, processSpec('web', { restartPolicy: 'Never' }))))
  }
  const numbers = process(story)?.revisions.map(({ number }) => number)
  t.equal(numbers?.length, 10)
  t.ok(numbers?.includes(1) && numbers.includes(16))
})
