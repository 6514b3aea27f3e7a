import t from 'tap'
import type { DeadlineKey } from '../../../src/core/events.ts'
import { view } from '../../../src/core/view.ts'
import { type ProcessGiven, processSpec } from '../../rig/specs.ts'
import { Story, words } from '../../rig/story.ts'

/** All instances run, the first one as run 1. */
function running(replicas: number, given: ProcessGiven = {}): Story {
  const story = new Story(processSpec('web', { ...given, replicas })).take({ type: 'begin' })
  for (let run = 1; run <= replicas; run++) story.run(run)
  return story
}

const scaleTo = (replicas: number, process = 'web') =>
  ({ type: 'scale', process, replicas }) as const
const names = ({ state }: Story) => state.instances.map(({ name }) => name)

t.test('what is missing is made at once, with the lowest numbers that are free', async (t) => {
  const story = running(1).take(scaleTo(3))
  t.same(words(story), ['spawn 2', 'spawn 3'])
  t.same(names(story), ['web.1', 'web.2', 'web.3'])
  t.match(story.changes, [{ type: 'scale', process: 'web', replicas: 3, previous: 1 }])
  t.match(view(story.run(2).run(3).state).processes, [{ replicas: 3, isReady: true }])
})

t.test('of what is too much the highest go: they stop, and then are no more', async (t) => {
  const story = running(3).take(scaleTo(1))
  t.same(words(story), ['signal 2 15', 'kill 11000', 'signal 3 15', 'kill 11000'])
  t.match(story.changes, [
    { type: 'scale' },
    { instance: 'web.2', phase: 'stopping', reason: 'scale' },
    { instance: 'web.3', phase: 'stopping', reason: 'scale' },
  ])
  t.same(words(story.end(3)), ['kill off', 'forget web.3'])
  t.match(story.changes.at(-1), { type: 'departure', instance: 'web.3' })
  t.same(names(story.end(2)), ['web.1'])
})

t.test('who leaves keeps its place until nothing of it lives', async (t) => {
  const story = running(2).take(scaleTo(1), scaleTo(2))
  t.same(words(story), [])
  t.same(words(story.end(2)), ['kill off', 'forget web.2', 'spawn 3'])
  t.match(story.instance('web.2'), { restarts: 0, wasReady: false, last: null })
})

t.test('who does not end within its grace is killed', async (t) => {
  const story = running(2).take(scaleTo(1)).wait(10_000)
  story.take({ type: 'deadline', key: 'web.2/kill' })
  t.same(words(story), ['kill off', 'signal 2 9'])
  t.same(names(story.end(2, 0, 9)), ['web.1'])
})

t.test('who is given up says nothing of those that follow', async (t) => {
  const story = new Story(processSpec('web', { isEssential: false }), processSpec('other'))
  story.take({ type: 'begin' }).run(1).run(2).take({ type: 'broken', instance: 'web.1' })
  t.same(words(story.end(1).take(scaleTo(2))), ['spawn 3'])
})

t.test('who has no process goes at once', async (t) => {
  const backoff = running(2).end(2, 1).run(3).end(3, 1)
  t.equal(backoff.instance('web.2').phase, 'backoff')
  t.same(words(backoff.take(scaleTo(1))), ['start off', 'forget web.2'])
  const failed = running(2, { isEssential: false, restartPolicy: 'Never' }).end(2, 1)
  t.same(words(failed.take(scaleTo(1))), ['forget web.2'])
  const queued = running(1).take(scaleTo(2), scaleTo(1))
  t.same(words(queued), ['cancelSpawn 2'])
  queued.take({ type: 'spawnFailed', run: 2, errno: 'ECANCELED', step: 'spawn' })
  t.same(words(queued), ['forget web.2'])
})

t.test('while they leave there are never more than there are to be', async (t) => {
  const story = running(3).take(scaleTo(0), scaleTo(2))
  t.same(words(story.end(2)), ['kill off', 'forget web.2'])
  t.same(words(story.end(1)), ['kill off', 'forget web.1', 'spawn 4'])
  t.same(names(story), ['web.1', 'web.3'])
  t.same(names(story.end(3)), ['web.1', 'web.2'])
})

t.test('the order of processes stays', async (t) => {
  const story = new Story(processSpec('web'), processSpec('api')).take({ type: 'begin' })
  t.same(names(story.take(scaleTo(2))), ['web.1', 'web.2', 'api.1'])
})

t.test('a process that was not started is not started by that', async (t) => {
  const story = running(1, { autoStart: false }).take(scaleTo(2))
  t.same(words(story), [])
  t.equal(story.instance('web.2').phase, 'stopped')
  t.same(words(story.take(scaleTo(1))), ['forget web.2'])
})

t.test('a new one waits for what it depends on', async (t) => {
  const web = processSpec('web', { dependsOn: [{ process: 'db', condition: 'ready' }] })
  const story = new Story(web, processSpec('db')).take({ type: 'begin' }, scaleTo(2))
  t.match(story.instance('web.2'), { phase: 'pending', isWaiting: true })
  t.same(words(story.run(1)), ['spawn 2', 'spawn 3'])
})

t.test('what cannot be is not asked for', async (t) => {
  const story = running(2, { mostReplicas: 3 })
  for (const fact of [scaleTo(4), scaleTo(-1), scaleTo(1.5), scaleTo(2), scaleTo(1, 'api')]) {
    story.take(fact)
    t.same([story.changes, story.effects], [[], []])
  }
  story.take({ type: 'signalled', signal: 15 }, scaleTo(3))
  t.same(words(story), [], 'in a shutdown nobody scales')
})

t.test('a shutdown stops who leaves with all others', async (t) => {
  const story = running(2).take(scaleTo(1), { type: 'signalled', signal: 15 })
  t.same(names(story.end(2)), ['web.1'])
  t.same(words(story.end(1)).at(-1), 'sweep 15')
})

t.test('who leaves is not what ends Ringmaster', async (t) => {
  const story = running(2, { restartPolicy: 'OnFailure' }).end(1).take(scaleTo(1))
  t.equal(story.state.phase, 'running')
  story.end(2, 1)
  t.match(
    story.allChanges.findLast((one) => one.type === 'supervisor'),
    {
      reason: 'all processes succeeded',
    },
  )
})

t.test('a mistake about who leaves does not keep it', async (t) => {
  const story = running(2).take(scaleTo(1), { type: 'broken', instance: 'web.2' })
  const key: DeadlineKey = 'web.2/kill'
  t.same(names(story.take({ type: 'deadline', key }).end(2, 0, 9)), ['web.1'])
  t.equal(story.state.phase, 'running')
})
