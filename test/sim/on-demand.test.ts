import t from 'tap'
import { FakeWorld } from '../rig/fake-world.ts'
import { planOf, processSpec } from '../rig/specs.ts'

const onDemand = { isOnDemand: true, sockets: ['web'] }

t.test('a process comes and goes with its connections', async (t) => {
  const world = new FakeWorld(planOf(processSpec('web', onDemand))).begin()
  t.equal(world.runs.length, 0)
  world.connect('web').execute(1)
  t.equal(world.watched.size, 0, 'nobody looks while it runs')
  world.advance(5000).exit(1)
  t.equal(world.runs.length, 1)
  world.connect('web')
  t.equal(world.runs.length, 2)
})

t.test('a command that never accepts is not started again and again', async (t) => {
  for (const [code, most] of [
    [0, 60],
    [1, 12],
  ] as const) {
    const world = new FakeWorld(planOf(processSpec('web', onDemand))).begin()
    // The client waits, whatever becomes of the runs.
    for (let ms = 0; ms < 60_000; ms += 10) {
      world.connect('web')
      for (const { run, atMs } of world.runs) {
        if (atMs === world.nowMs) world.execute(run).exit(run, code)
      }
      world.advance(10)
    }
    t.ok(world.runs.length > 5 && world.runs.length <= most, `${world.runs.length} starts`)
  }
})

t.test('processes that share a socket are all started, and a shutdown looks no more', async (t) => {
  const world = new FakeWorld(
    planOf(processSpec('one', onDemand), processSpec('two', onDemand), processSpec('rest')),
  ).begin()
  world.connect('web')
  t.same(world.runs.map(({ instance }) => instance).sort(), ['one.1', 'rest.1', 'two.1'])
  const other = new FakeWorld(planOf(processSpec('web', onDemand))).begin()
  other.signal(15)
  t.equal(other.watched.size, 0)
  t.same(other.phases('web.1'), ['pending', 'stopped'])
})
