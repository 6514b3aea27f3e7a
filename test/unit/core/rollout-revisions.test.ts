import t from 'tap'
import { obstacleToUndo } from '../../../src/core/obstacle.ts'
import { apply, command, rolling, running, surging, told, webOf } from '../../rig/rolling.ts'
import { processSpec } from '../../rig/specs.ts'
import { Story, words } from '../../rig/story.ts'

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
  t.match(webOf(story), { revision: 2, replicas: 3, revisions: [{}, { isGood: true }] })
  t.same(words(story.take({ type: 'scale', process: 'web', replicas: 2 })), ['cancelSpawn 3'])
})

t.test('undo returns to the one before, or to the one that is named', async (t) => {
  const story = running().take(apply(processSpec('web', { graceMs: 1 })))
  story.take(apply(processSpec('web', { graceMs: 2 })))
  const undo = (toRevision: number | null) =>
    ({ type: 'rollout', process: 'web', action: 'undo', toRevision, by: 'test' }) as const
  t.equal(webOf(story.take(undo(null)))?.revision, 2)
  t.equal(webOf(story.take(undo(null)))?.revision, 3)
  t.equal(webOf(story.take(undo(1)))?.revision, 1)
  t.equal(webOf(story.take(undo(9)))?.revision, 1)
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
  t.equal(webOf(story.take(undo))?.revision, 2)
  story.take({ ...undo, process: 'api' })
  t.equal(obstacleToUndo(story.state, 'web', null), null, 'once that has gone back')
  t.equal(webOf(story.take(undo))?.revision, 1)
  story.take(apply(processSpec('web')))
  t.equal(obstacleToUndo(story.state, 'web', 1), 'it depends on api, which is no more')
  t.equal(obstacleToUndo(story.state, 'web', 9), null)
})

t.test('ten revisions are kept, the good one among them', async (t) => {
  const story = running({ restartPolicy: 'Never' })
  for (let count = 1; count <= 15; count++) {
    story.take(apply(command(`/${count}`, processSpec('web', { restartPolicy: 'Never' }))))
  }
  const numbers = webOf(story)?.revisions.map(({ number }) => number)
  t.equal(numbers?.length, 10)
  t.ok(numbers?.includes(1) && numbers.includes(16))
})
