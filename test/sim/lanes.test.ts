import t from 'tap'
import { FakeWorld } from '../rig/fake-world.ts'
import { planOf, processSpec } from '../rig/specs.ts'

const ten = planOf(processSpec('web', { replicas: 10 }))

t.test('one turn of the event loop has 8 ms for spawns, the rest come after it', async (t) => {
  const world = new FakeWorld(ten, { spawnMs: 3 }).begin()
  const counts = [world.runs.length]
  for (let turn = 0; turn < 4; turn++) counts.push(world.turn().runs.length)
  t.same(counts, [3, 6, 9, 10, 10])
  t.same(
    world.runs.map(({ run }) => run),
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
  )
})

t.test('spawns that take no time are all made at once', async (t) => {
  t.equal(new FakeWorld(ten).begin().runs.length, 10)
})

t.test('what one turn has used up is not there for a later event of it', async (t) => {
  const world = new FakeWorld(planOf(processSpec('web', { replicas: 3 })), { spawnMs: 3 }).begin()
  world.execute(1).end(world.run(1).pid, 1)
  t.match(world.changes.at(-1), { instance: 'web.1', phase: 'pending', delayMs: 0 })
  t.equal(world.runs.length, 3)
  t.equal(world.turn().runs.length, 4)
})

t.test('a stop takes back the spawns that wait, and none comes later', async (t) => {
  const world = new FakeWorld(ten, { spawnMs: 3 }).begin().execute(1).signal(15)
  const pids = world.runs.map(({ pid }) => pid)
  t.same(
    world.sent,
    pids.map((pid) => `15 ${pid}`),
  )
  world.turn().turn()
  t.equal(world.runs.length, 3)
  t.same(world.phases('web.4'), ['stopping', 'stopped'])
  world.execute(2).execute(3)
  for (const run of [1, 2, 3]) world.exit(run, 0, 15)
  world.turn()
  t.same(world.exitCodes, [0])
})

t.test('a spawn that the kernel refuses while it is being stopped stays stopped', async (t) => {
  const world = new FakeWorld(planOf(processSpec('web')))
  world.refusals.push('EAGAIN')
  world.begin().signal(15)
  t.same(world.phases('web.1'), ['stopping'])
  world.turn()
  t.same(world.phases('web.1'), ['stopping', 'stopped'])
  t.same(world.exitCodes, [0])
})

t.test('one turn has 5 ms for ends, the rest come after it, in order', async (t) => {
  const plan = planOf(processSpec('web', { replicas: 10, restartPolicy: 'Never' }))
  const world = new FakeWorld(plan, { treeMs: 2 }).begin()
  const runs = world.runs.map(({ run }) => run)
  for (const run of runs) world.execute(run)
  for (const run of runs) world.end(world.run(run).pid)
  const ended = () =>
    world.changes.flatMap((change) =>
      change.type === 'instance' && change.phase === 'succeeded' ? [change.run] : [],
    )
  const counts = [ended().length]
  for (let turn = 0; turn < 4; turn++) {
    world.turn()
    counts.push(ended().length)
  }
  t.same(counts, [3, 6, 9, 10, 10])
  t.same(ended(), runs)
})

t.test('no spawn comes before an end that waits', async (t) => {
  const fields = { replicas: 4, backoff: { ...processSpec('web').backoff, resetAfterMs: 0 } }
  const world = new FakeWorld(planOf(processSpec('web', fields)), { treeMs: 6 }).begin()
  for (const run of [1, 2, 3, 4]) world.execute(run)
  for (const run of [1, 2, 3, 4]) world.end(world.run(run).pid, 1)
  const counts = [world.runs.length]
  for (let turn = 0; turn < 4; turn++) counts.push(world.turn().runs.length)
  t.same(counts, [5, 5, 5, 8, 8])
})

t.test('who has ended in time has, also where its end is told after that', async (t) => {
  const plan = planOf(processSpec('web', { replicas: 3, graceMs: 1000 }))
  const world = new FakeWorld(plan, { treeMs: 6 }).begin()
  for (const run of [1, 2, 3]) world.execute(run)
  world.runtime.post({ type: 'stop', instances: ['web.1', 'web.2', 'web.3'], by: 'a test' })
  for (const run of [1, 2, 3]) world.end(world.run(run).pid)
  t.equal(world.phases('web.3').at(-1), 'stopping')
  world.clock.advance(2000)
  t.match(world.changes.at(-1), { instance: 'web.3', phase: 'stopped', cause: 'stop-requested' })
  t.same(world.sent, ['15 101', '15 102', '15 103'])
})
