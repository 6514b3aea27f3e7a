import t from 'tap'
import type { Fact } from '../../../src/core/events.ts'
import { view } from '../../../src/core/view.ts'
import type { GroupSpec } from '../../../src/plan/plan.ts'
import { type ProcessGiven, processSpec } from '../../rig/specs.ts'
import { Story, words } from '../../rig/story.ts'

const exit = (run: number, code = 0, signal = 0): Fact => ({
  type: 'exited',
  run,
  status: { code, signal },
})

/** Processes a, b and c, all running as runs 1, 2 and 3, and in one group in this order. */
function group(
  given: Partial<GroupSpec>,
  processes: Readonly<Record<string, ProcessGiven>> = {},
): Story {
  const names = ['a', 'b', 'c']
  const specs = names.map((name) => processSpec(name, processes[name]))
  const story = new Story(...specs, processSpec('other')).with({
    ...{ name: 'all-three', processes: names, strategy: 'OneForAll', restartLimit: null },
    ...{ isEssential: true },
    ...given,
  })
  return story.take({ type: 'begin' }).run(1).run(2).run(3).run(4)
}

const phases = ({ state }: Story) => state.instances.map(({ phase }) => phase).join(' ')

t.test('one for one: the end of one is nobody else’s matter', async (t) => {
  const story = group({ strategy: 'OneForOne' }).end(2, 1)
  t.equal(phases(story), 'running pending running running')
})

t.test('one for all: the others end in reverse order, then all start in order', async (t) => {
  const story = group({}).end(1, 1)
  t.same(words(story), ['kill off', 'signal 3 15', 'kill 11000'], 'c first, and alone')
  t.match(story.instance('a.1'), { phase: 'pending', isWaiting: true, restarts: 1 })
  t.match(
    story.changes.map((change) => 'reason' in change && [change.reason]),
    [['waiting for group all-three'], ['group all-three']],
  )
  t.same(words(story.take(exit(3, 0, 15))), ['endTree 3 15'])
  t.same(words(story.take({ type: 'emptied', run: 3 })), ['kill off', 'signal 2 15', 'kill 11000'])
  t.match(story.instance('c.1'), { phase: 'pending', last: { cause: 'stop-requested' } })
  t.same(words(story.end(2, 0, 15)), ['kill off', 'spawn 5', 'spawn 6', 'spawn 7'])
  t.equal(phases(story.run(5).run(6).run(7)), 'running running running running')
  t.match(story.instance('b.1'), { restarts: 0, failures: 0, recentRestartsMonoMs: [] })
})

t.test('rest for one: those before it go on', async (t) => {
  const story = group({ strategy: 'RestForOne' }).end(2, 1)
  t.equal(phases(story), 'running pending stopping running')
  t.same(words(story.end(3)), ['kill off', 'spawn 5', 'spawn 6'])
  t.same(words(group({ strategy: 'RestForOne' }).end(3, 1)), ['kill off', 'spawn 5'], 'no rest')
})

t.test('the order is that of the group, not of the processes', async (t) => {
  const story = group({ processes: ['c', 'a', 'b'] }).end(1, 1)
  t.same(words(story).at(1), 'signal 2 15')
  t.same(words(story.end(2)).at(1), 'signal 3 15')
  story.end(3)
  t.same(
    story.effects.flatMap((effect) =>
      effect.type === 'spawn' ? `${effect.spec.name}.${effect.number}` : [],
    ),
    ['c.1', 'a.1', 'b.1'],
  )
})

t.test('instances of one process are peers: together in one step', async (t) => {
  const story = new Story(processSpec('a'), processSpec('b', { replicas: 3 })).with({
    ...{ name: 'g', processes: ['a', 'b'], strategy: 'RestForOne', restartLimit: null },
    isEssential: true,
  })
  story.take({ type: 'begin' }).run(1).run(2).run(3).run(4)
  t.equal(phases(story.end(3, 1)), 'running running pending running', 'none is after the other')
  t.equal(phases(story.end(1, 1)), 'pending stopping stopping stopping')
})

t.test('all wait for the backoff of the one that ended', async (t) => {
  const story = group({}).end(1, 1).end(3).end(2).run(5).run(6).run(7)
  story.end(5, 1).end(7).end(6)
  t.equal(phases(story), 'backoff pending pending running')
  t.equal(view(story.state).processes[1]?.instances[0]?.reason, 'waiting for group all-three')
  t.same(words(story.take({ type: 'deadline', key: 'a.1/start' })), [
    'spawn 8',
    'spawn 9',
    'spawn 10',
  ])
})

t.test('what ends while it is stopped with the group counts once for the group', async (t) => {
  const story = group({ restartLimit: { count: 1, withinMs: 1000 } })
    .end(1, 1)
    .end(2, 1)
  t.equal(phases(story), 'pending pending stopping running')
  t.same(words(story.end(3)), ['kill off', 'spawn 5', 'spawn 6', 'spawn 7'])
})

t.test('an end that is not followed by a restart is none of the group', async (t) => {
  for (const [policy, code] of [
    ['OnFailure', 0],
    ['Never', 1],
  ] as const) {
    const story = group({}, { b: { restartPolicy: policy, isEssential: false } }).end(2, code)
    t.match(phases(story), /^running (succeeded|failed) running running$/)
    story.end(1, 1).end(3)
    t.match(phases(story), /^pending (succeeded|failed) pending running$/, 'nor started again')
  }
})

t.test('who is in the midst of a run is restarted, whatever its policy', async (t) => {
  const story = group({}, { c: { restartPolicy: 'Never' } })
    .end(1, 1)
    .end(3, 0)
    .end(2)
  t.match(story.instance('c.1').live, { run: 7 })
})

t.test(
  'a start that cannot be taken back is ended, and then started with the others',
  async (t) => {
    const story = group({}).end(3, 1).end(2).end(1)
    t.same(words(story), ['kill off', 'spawn 5', 'spawn 6', 'spawn 7'])
    story.run(5).end(5, 1)
    t.same(words(story), ['kill off', 'cancelSpawn 7'])
    story.take({ type: 'spawnFailed', run: 7, errno: 'ECANCELED', step: 'spawn' })
    t.same(words(story), ['cancelSpawn 6'])
    story.take({ type: 'spawned', run: 6, pid: 106 })
    t.same(words(story), ['signal 6 15', 'kill 11000'])
    story.end(6, 0, 15)
    t.same(words(story), ['kill off', 'spawn 8', 'spawn 9', 'spawn 10'])
  },
)

t.test('what it depends on is waited for after that', async (t) => {
  const dependsOn = [{ process: 'a', condition: 'ready' as const }]
  const story = group({}, { b: { dependsOn } })
  t.match(story.instance('b.1').live, { run: 4 })
  story.end(2, 1).end(4).end(1)
  t.same(words(story), ['kill off', 'spawn 5', 'spawn 6'])
  t.match(story.instance('b.1'), { isWaiting: true })
  t.equal(view(story.state).processes[1]?.instances[0]?.reason, 'waiting for a: ready')
})

t.test('one restart too many: the group has failed, and all of it ends in order', async (t) => {
  const limit = { restartLimit: { count: 1, withinMs: 1000 }, isEssential: false }
  const story = group({ ...limit, strategy: 'OneForOne' })
    .end(1, 1)
    .run(5)
    .end(2, 7)
  t.match(
    story.changes.find((change) => 'phase' in change && change.phase === 'failed'),
    {
      instance: 'b.1',
      reason: 'restart limit of group all-three: 1 within 1 s',
    },
  )
  t.equal(phases(story), 'running failed stopping running')
  story.end(3)
  t.equal(phases(story), 'stopping failed failed running')
  t.equal(phases(story.end(5)), 'failed failed failed running')
  t.equal(story.state.phase, 'running', 'the group is not essential, whatever its processes are')
  t.match(story.end(4, 1).run(6).state, { phase: 'running' })
})

t.test('a group that must not fail shuts Ringmaster down', async (t) => {
  const limit = { count: 0, withinMs: 1000 }
  const story = group({ restartLimit: limit }, { a: { isEssential: false } }).end(1, 7)
  t.match(story.state.ending, { reason: 'a.1 failed', code: 7 })
  t.equal(phases(story), 'failed stopping stopping stopping')
})

t.test('who waits, or is told to end already, fails with its group', async (t) => {
  const limit = { restartLimit: { count: 1, withinMs: 100_000 }, isEssential: false }
  const story = group({ ...limit, strategy: 'RestForOne' }).end(2, 1)
  t.equal(phases(story), 'running pending stopping running')
  t.equal(phases(story.end(1, 1)), 'failed failed stopping running')
  t.equal(phases(story.end(3)), 'failed failed failed running')
})

t.test('restarts that are long ago do not count', async (t) => {
  const story = group({ restartLimit: { count: 1, withinMs: 1000 }, strategy: 'OneForOne' })
  story.end(1, 1).run(5).wait(1001).end(2, 1)
  t.equal(phases(story), 'running pending running running')
})

t.test('a shutdown in the midst of it stops all, and starts nothing', async (t) => {
  const story = group({}).end(1, 1).take({ type: 'signalled', signal: 15 })
  t.equal(phases(story), 'stopped stopping stopping stopping')
  story.end(3).end(2).end(4)
  t.equal(story.state.phase, 'sweeping')
  t.notOk(story.allEffects.some((effect) => effect.type === 'spawn' && effect.run > 4))
})
