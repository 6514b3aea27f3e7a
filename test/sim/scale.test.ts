import t from 'tap'
import { FakeWorld } from '../rig/fake-world.ts'
import { planOf, processSpec } from '../rig/specs.ts'

const scaleTo = (replicas: number) => ({ type: 'scale', process: 'web', replicas }) as const

t.test('instances that are made later are started as their number has them', async (t) => {
  const plan = planOf(processSpec('web'))
  const world = new FakeWorld(plan).begin().execute(1)
  world.runtime.post(scaleTo(3))
  t.same(
    world.runs.map(({ instance }) => instance),
    ['web.1', 'web.2', 'web.3'],
  )
  world.execute(2).execute(3)
  t.match(world.runtime.view().processes, [{ replicas: 3, isReady: true }])
})

t.test('those that go are stopped, and nothing is kept of them', async (t) => {
  const world = new FakeWorld(planOf(processSpec('web', { replicas: 3 }))).begin()
  for (const run of [1, 2, 3]) world.execute(run)
  world.runtime.post(scaleTo(1))
  t.same(world.sent, ['15 102', '15 103'])
  world.exit(2).exit(3).turn()
  t.same(world.forgotten, ['web.2', 'web.3'])
  t.match(world.runtime.view().processes, [{ instances: [{ name: 'web.1' }] }])
  t.equal(world.runtime.view().processes[0]?.instances.length, 1)
  world.signal(15).exit(1).turn()
  t.same(world.exitCodes, [0])
  t.equal(world.timers, 0)
})

t.test('what waits for its turn in the lane is taken back', async (t) => {
  const world = new FakeWorld(planOf(processSpec('web')), { spawnMs: 9 }).begin().turn()
  world.runtime.post(scaleTo(5))
  world.runtime.post(scaleTo(2))
  world.turn().turn().turn()
  t.same(
    world.runs.map(({ instance }) => instance),
    ['web.1', 'web.2'],
  )
  t.same(world.forgotten, ['web.3', 'web.4', 'web.5'])
})
