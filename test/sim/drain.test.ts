import t from 'tap'
import type { Fact } from '../../src/core/events.ts'
import { FakeWorld } from '../rig/fake-world.ts'
import { planOf, processSpec } from '../rig/specs.ts'

const drain: Fact = { type: 'drain', by: 'test' }
const maintenance = (isOn: boolean): Fact => ({ type: 'maintenance', isOn, by: 'test' })

function started(shutdown = { drainMs: 5000, graceMs: 100_000 }, graceMs = 10_000): FakeWorld {
  return new FakeWorld({ ...planOf(processSpec('web', { graceMs })), shutdown }).begin().execute(1)
}

function post(world: FakeWorld, ...facts: readonly Fact[]): FakeWorld {
  for (const fact of facts) world.runtime.post(fact)
  return world
}

/** Of each withdrawal that was told: what for, and whether it has drained. */
function told(world: FakeWorld): string[] {
  return world.changes.flatMap((change) => {
    if (change.type !== 'withdrawal') return []
    const { withdrawn } = change
    return withdrawn === null ? 'over' : `${withdrawn.for}${withdrawn.isDrained ? ' done' : ''}`
  })
}

t.test('a drain is not ready at once, stops nothing, and is over in its time', async (t) => {
  const world = post(started(), drain)
  t.match(world.runtime.view(), {
    phase: 'running',
    isReady: false,
    withdrawn: { for: 'drain', isDrained: false },
  })
  world.advance(2000)
  post(world, drain)
  world.advance(2999)
  t.same(told(world), ['drain'], 'a second one changes nothing')
  world.advance(1)
  t.same(told(world), ['drain', 'drain done'])
  post(world, drain).advance(100_000)
  t.match(world.runtime.view(), { isReady: false, processes: [{ isReady: true }] })
  t.same([world.sent, world.timers, told(world).length], [[], 0, 2])
})

t.test('what crashes in a drain comes back', async (t) => {
  const world = post(started(), drain).exit(1, 1)
  t.equal(world.runs.length, 2)
})

t.test('a TERM that follows waits only for the rest', async (t) => {
  const world = post(started(), drain).advance(3000).signal(15)
  t.equal(world.runtime.view().phase, 'draining')
  world.advance(1999)
  t.same(world.sent, [])
  world.advance(1)
  t.same(world.sent, ['15 101'])
  const later = post(started(), drain).advance(5000).signal(15)
  t.same(later.sent, ['15 101'], 'nothing, when it is over')
})

t.test('its time is part of the budget, however long ago it was', async (t) => {
  for (const waitMs of [5000, 3_600_000]) {
    const world = post(started({ drainMs: 5000, graceMs: 10_000 }), drain)
    world.advance(waitMs).signal(15)
    // 9 s for 5 + 10 + 1: the drain had its share, and what is left is of the rest.
    const leftMs = 9000 - (5000 * 9) / 16
    world.advance((leftMs * 10) / 11 - 1)
    t.same(world.sent, ['15 101'], `${waitMs} ms before`)
    world.advance(2)
    t.same(world.sent, ['15 101', '9 101'])
  }
})

t.test('a failure does not wait for it', async (t) => {
  const world = new FakeWorld({
    ...planOf(processSpec('web'), processSpec('db', { restartPolicy: 'Never' })),
    shutdown: { drainMs: 5000, graceMs: 100_000 },
  })
  post(world.begin().execute(1).execute(2), drain).advance(1000).exit(2, 1)
  t.same(world.sent, ['15 101'])
  world.exit(1).turn()
  t.same([world.exitCodes, world.timers], [[1], 0])
})

t.test('maintenance is not ready until it is over, and stops nothing', async (t) => {
  const world = post(started(), maintenance(true))
  t.match(world.runtime.view(), { isReady: false, withdrawn: { for: 'maintenance' } })
  world.advance(1_000_000)
  post(world, maintenance(true), maintenance(false), maintenance(false))
  t.match(world.runtime.view(), { isReady: true, withdrawn: null })
  t.same(told(world), ['maintenance', 'over'])
  t.same([world.sent, world.timers], [[], 0])
})

t.test('the end of maintenance is that of a drain too', async (t) => {
  const world = post(started(), drain).advance(1000)
  post(world, maintenance(true))
  t.match(world.runtime.view().withdrawn, { for: 'drain' }, 'which it is no less')
  post(world, maintenance(false))
  t.match(world.runtime.view(), { isReady: true })
  t.equal(world.timers, 0)
  world.advance(10_000).signal(15)
  t.equal(world.runtime.view().phase, 'draining', 'a shutdown drains anew')
})

t.test('a drain in maintenance begins when it is asked for', async (t) => {
  const world = post(started(), maintenance(true)).advance(60_000)
  post(world, drain).advance(2000).signal(15).advance(2999)
  t.same(world.sent, [])
  t.same(world.advance(1).sent, ['15 101'])
})

t.test('without a time for it a drain is over at once', async (t) => {
  const world = post(started({ drainMs: 0, graceMs: 10_000 }), drain)
  t.same(told(world), ['drain done'])
  t.same(world.signal(15).sent, ['15 101'])
})

t.test('in a shutdown there is nothing to drain any more, nor a way back', async (t) => {
  const world = started().signal(15)
  post(world, drain, maintenance(true), maintenance(false))
  t.same(told(world), [])
  t.equal(world.runtime.view().phase, 'draining')
  t.same(world.advance(5000).sent, ['15 101'])
})
