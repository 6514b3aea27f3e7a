import t from 'tap'
import type { ProbeName } from '../../src/plan/instance-spec.ts'
import { FakeWorld } from '../rig/fake-world.ts'
import { planOf, probeSpec, processSpec } from '../rig/specs.ts'

t.test(
  'only a process that can speak has a socket, which is read when something is there',
  async (t) => {
    const world = begin(['readiness']).execute(1)
    t.equal(world.sockets.size, 1)
    t.equal(world.sockets.get(1)?.reads, 0)
    t.equal(isReady(world), false)
    world.say(1, { state: 'ready' }).turn()
    t.equal(isReady(world), true)
    t.match(world.changes.at(-1), { type: 'notice', isReady: true })
    t.equal(begin([]).sockets.size, 0)
  },
)

t.test('who is believed: the tree of the run, and of who is gone its user', async (t) => {
  const world = begin(['readiness']).execute(1)
  const [child, stranger, gone] = [world.fork(1), world.fork(0), 999]
  const table = [
    { pid: stranger, isBelieved: false },
    { pid: 0, isBelieved: false },
    { pid: gone, isOfUser: false, isBelieved: false },
    { pid: gone, isBelieved: true },
    { pid: child, isBelieved: true },
    { pid: child, isOfUser: false, isBelieved: true },
  ]
  for (const { isBelieved, ...sender } of table) {
    world.say(1, { state: 'ready' }, sender).turn()
    t.equal(isReady(world), isBelieved, JSON.stringify(sender))
    world.say(1, { state: 'stopping' }).turn()
    t.equal(isReady(world), false)
  }
})

t.test('a flood is read in portions, with a pause between them, and nothing is lost', async (t) => {
  const world = begin(['liveness']).execute(1)
  for (let count = 0; count < 100; count++) world.say(1, { watchdog: 'alive' })
  world.say(1, { status: 'last' })
  world.turn()
  const socket = world.sockets.get(1)
  t.equal(socket?.waiting.length, 85)
  world.turn().turn()
  t.equal(socket?.waiting.length, 85, 'nobody looks')
  world.advance(20)
  t.equal(socket?.waiting.length, 69)
  for (let count = 0; count < 5; count++) world.advance(20)
  t.equal(socket?.waiting.length, 0)
  t.match(world.changes.at(-1), { status: 'last' })
  t.equal(world.timers, 1, 'that of the watchdog')
})

t.test('what a run said last is heard before its end, and its socket is closed then', async (t) => {
  const world = begin(['readiness']).execute(1)
  world.say(1, { status: 'no database' }, { pid: 999 }).exit(1, 1)
  const told = world.changes.slice(-4)
  t.match(told, [{ status: 'no database' }, { phase: 'stopping' }, { phase: 'pending' }, {}])
  t.match(world.sockets.get(1), { isOpen: false })
  t.match(world.sockets.get(2), { isOpen: true }, 'the next run has its own')
})

t.test('an end in the pause of a flood leaves no timer', async (t) => {
  const world = begin(['readiness']).execute(1)
  for (let count = 0; count < 100; count++) world.say(1, { state: 'ready' })
  world.turn()
  t.equal(world.timers, 1)
  world.signal(15).exit(1)
  t.same([world.timers, world.exitCodes], [0, [0]])
})

t.test('without a word nothing is due but what is awaited', async (t) => {
  const world = begin(['readiness']).execute(1)
  t.equal(world.timers, 0)
  world.say(1, { state: 'ready', status: 'up' }).turn()
  t.equal(world.timers, 0)
})

t.test('a socket that fails is heard of, and the run goes on', async (t) => {
  const world = begin(['readiness'])
  const { spawn } = world.ports.spawner
  world.ports.spawner.spawn = (...request) => {
    const spawned = spawn(...request)
    const fail = () => {
      throw new Error('broken socket')
    }
    return spawned && { ...spawned, notify: { watch: fail, read: fail, close: fail } }
  }
  world.execute(1).exit(1, 1)
  t.same(world.errors(), ['Error: broken socket'])
  world.execute(2).exit(2, 1)
  t.equal(world.errors().length, 3, 'reading, and closing')
  t.equal(world.phases('web.1').at(-1), 'backoff')
})

function begin(names: readonly ProbeName[]): FakeWorld {
  const probes = Object.fromEntries(names.map((name) => [name, probeSpec({ by: 'notify' })]))
  return new FakeWorld(planOf(processSpec('web', { probes }))).begin()
}

function isReady(world: FakeWorld): boolean | undefined {
  return world.runtime.view().processes[0]?.isReady
}
