import t from 'tap'
import { FakeWorld, type WorldOptions } from '../rig/fake-world.ts'
import { type ProcessGiven, planOf, processSpec } from '../rig/specs.ts'

const limited = { memoryLimitBytes: 1000 }

t.test('the second look in a row at which a run is over its limit ends it', async (t) => {
  const world = begin().execute(1)
  world.memory.set(101, 1001)
  world.advance(5000)
  t.same([world.looks, world.sent], [[[101]], []])
  world.memory.set(101, 1000)
  world.advance(5000)
  world.memory.set(101, 3 << 20)
  world.advance(5000)
  t.same(world.sent, [], 'the two were not in a row')
  world.advance(4999)
  t.same(world.sent, [])
  world.advance(1)
  t.same(world.sent, ['15 101'])
  const reason = 'memory: 3 MiB, limit 0 MiB'
  t.match(world.changes.at(-1), { phase: 'stopping', cause: 'memory-limit', reason })
})

t.test('it is told of once, and the next run begins anew', async (t) => {
  const world = begin().execute(1)
  world.memory.set(101, 2000).set(102, 2000)
  world.advance(10_000)
  t.equal(world.timers, 1, 'the end of its grace')
  world.exit(1, 0, 15).execute(2).advance(5000)
  t.same(world.sent, ['15 101'])
  world.advance(5000)
  t.same(world.sent, ['15 101', '15 102'])
  t.same(world.looks, [[101], [101], [102], [102]])
})

t.test('there is no timer and no look while nothing with a limit runs', async (t) => {
  const world = new FakeWorld(planOf(processSpec('web'), processSpec('api', limited))).begin()
  t.equal(world.timers, 0)
  world.execute(1)
  t.equal(world.timers, 0)
  world.execute(2)
  t.equal(world.timers, 1)
  world.exit(2, 0)
  t.equal(world.timers, 0)
  world.execute(3).advance(5000)
  t.same(world.looks, [[103]])
})

t.test('an end that comes before the report of the exec helper is not watched', async (t) => {
  const world = begin({ restartPolicy: 'Never', isEssential: false }).exit(1, 3).execute(1)
  world.advance(5000)
  t.same([world.phases('web.1').at(-1), world.looks], ['failed', []])
})

t.test('a look leaves the event loop to others, and comes once at a time', async (t) => {
  const world = begin({}, { lookMs: 4 }).execute(1)
  world.memory.set(101, 2000)
  world.advance(5000)
  world.turn()
  t.equal(world.timers, 0, 'it is still looking')
  world.turn()
  t.equal(world.timers, 1)
  t.equal(world.looks.length, 1)
})

t.test('what ends during a look is not held to its result', async (t) => {
  const world = begin({}, { lookMs: 4 }).execute(1)
  world.memory.set(101, 2000)
  world.advance(5000).turn().turn()
  world.advance(5000)
  t.equal(world.timers, 0, 'it is looking')
  world.exit(1, 3).turn()
  t.same(world.sent, [])
  t.equal(world.timers, 0)
})

t.test('a look that fails is published, and the next one comes', async (t) => {
  const world = begin().execute(1)
  const { look } = world.ports.memory
  Object.assign(world.ports.memory, {
    look: () => {
      Object.assign(world.ports.memory, { look })
      throw new Error('broken')
    },
  })
  world.advance(5000)
  t.same(world.errors(), ['Error: broken'])
  world.advance(5000)
  t.same(world.looks, [[101]])
})

function begin(given: ProcessGiven = {}, options: WorldOptions = {}): FakeWorld {
  return new FakeWorld(planOf(processSpec('web', { ...limited, ...given })), options).begin()
}
