import t from 'tap'
import { FakeWorld } from '../rig/fake-world.ts'
import { planOf, processSpec } from '../rig/specs.ts'

const plan = {
  ...planOf(processSpec('web', { graceMs: 60_000 })),
  shutdown: { drainMs: 2000, graceMs: 10_000 },
}

t.test('a shutdown that nothing obeys is over a second after its budget at most', async (t) => {
  const world = new FakeWorld(plan).begin().execute(1)
  world.fork(0)
  const { pid } = world.run(1)
  world.signal(15)
  t.match(world.runtime.view(), { phase: 'draining', isReady: false })
  t.match(world.runtime.view().processes[0]?.instances, [{ phase: 'running', isReady: true }])
  world.advance(286)
  t.same(world.sent, [`15 ${pid}`], 'the drain has its share: 2 of 63, of 9 s')
  world.advance(9000 - 286 - 143)
  t.same(world.sent, [`15 ${pid}`], 'the grace has its share')
  world.advance(144)
  t.same(world.sent, [`15 ${pid}`, `9 ${pid}`], 'before the reserve')
  world.advance(1000)
  t.same(world.exitCodes, [])
  world.advance(1000)
  t.same(world.exitCodes, [0])
  t.equal(world.timers, 0)
})

t.test('an obedient one does not wait for anything but the drain', async (t) => {
  const world = new FakeWorld({ ...plan, shutdown: { drainMs: 2000, graceMs: 100_000 } }).begin()
  world.execute(1).signal(15).advance(1999)
  t.same(world.sent, [])
  world.advance(1).exit(1, 0, 15).turn()
  t.same(world.exitCodes, [0])
  t.equal(world.nowMs, 2000)
})
