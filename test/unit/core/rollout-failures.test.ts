import t from 'tap'
import {
  apply,
  command,
  due,
  readiness,
  rolling,
  running,
  surging,
  told,
  webOf,
} from '../../rig/rolling.ts'
import { processSpec } from '../../rig/specs.ts'
import { Story, words } from '../../rig/story.ts'

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
  t.match(webOf(story), {
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

t.test('a process that is new starts, and its failure ends nothing else', async (t) => {
  const story = running().take(
    apply(processSpec('web'), processSpec('job', { restartPolicy: 'Never' })),
  )
  t.ok(words(story).includes('spawn 2'))
  story.run(2).end(2, 1)
  t.same(told(story.changes), ['failed 1 job.1 failed'])
  t.equal(story.state.phase, 'running')
})
