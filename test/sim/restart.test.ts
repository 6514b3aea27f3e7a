import t from 'tap'
import { FakeWorld } from '../rig/fake-world.ts'
import { planOf, processSpec } from '../rig/specs.ts'

t.test('a run that ends is started again at once, then after growing waits', async (t) => {
  const world = new FakeWorld(planOf(processSpec('web'))).begin()
  world.execute(1).exit(1, 1)
  for (let run = 2; run <= 6; run++) {
    world.execute(run).exit(run, 1)
    world.advance(world.clock.nextAt() - world.clock.now().monoMs - 1)
    t.equal(world.runs.length, run, 'not before its time')
    world.advance(1)
  }
  t.same(
    world.runs.map(({ atMs }) => atMs),
    [0, 0, 100, 300, 700, 1500, 3100],
  )
})

t.test('a stable run is started again at once', async (t) => {
  const world = new FakeWorld(planOf(processSpec('web'))).begin()
  for (const run of [1, 2, 3]) world.execute(run).exit(run, 1).advance(1000)
  t.equal(world.runs.length, 4)
  world.execute(4).advance(10_000).exit(4, 1)
  t.equal(world.runs.length, 5)
  t.equal(world.timers, 0)
})

t.test('instances of one age go one after the other, at their time', async (t) => {
  const world = new FakeWorld(planOf(processSpec('web', { replicas: 2, maxAgeMs: 5000 }))).begin()
  world.execute(1).execute(2).advance(4999)
  t.same(world.sent, [])
  world.advance(1)
  t.same(world.sent, ['15 101'])
  world.exit(1, 0, 15).advance(100)
  t.same(world.sent, ['15 101'])
  world.execute(3)
  t.same(world.sent, ['15 101', '15 102'])
  world.exit(2, 0, 15).execute(4).advance(4999)
  t.equal(world.timers, 1)
  t.same(world.sent.length, 2)
  world.advance(1)
  t.same(world.sent.at(-1), '15 103')
})

t.test('what the kernel refuses for now is tried again without counting', async (t) => {
  const world = new FakeWorld(planOf(processSpec('web')))
  world.refusals.push('EAGAIN', 'EMFILE')
  world.begin().turn().advance(499)
  t.equal(world.refusals.length, 1)
  world
    .advance(1)
    .advance(500)
    .execute(1 + 2)
  t.match(world.runtime.view().processes[0]?.instances, [{ phase: 'running', restarts: 0 }])
})

t.test('an end that comes before the report of the exec helper is told after it', async (t) => {
  const world = new FakeWorld(planOf(processSpec('web'))).begin().exit(1, 3)
  t.same(world.phases('web.1'), ['starting'])
  world.execute(1)
  t.same(world.phases('web.1'), ['starting', 'running', 'stopping', 'pending', 'starting'])
  world.exit(2, 127)
  world.run(2).observer.execFailed('ENOENT', 'exec')
  t.match(world.changes.at(-1), { phase: 'backoff', cause: 'exec-failed', refused: 'ENOENT exec' })
})

t.test('a restart waits until nothing of the tree lives', async (t) => {
  const world = new FakeWorld(planOf(processSpec('web'), processSpec('api'))).begin()
  world.execute(1).execute(2)
  const [one, two, other] = [world.fork(1), world.fork(1), world.fork(2)]
  world.exit(1, 1)
  t.same(world.sent, [`15 ${one}`, `15 ${two}`])
  world.die(one).exit(2, 1)
  t.same(world.runs.length, 2, 'each waits for its own tree')
  t.same(world.sent, [`15 ${one}`, `15 ${two}`, `15 ${other}`], 'asked once')
  world.die(two)
  t.match(world.runs.at(-1), { run: 3, instance: 'web.1' })
  world.die(other)
  t.match(world.runs.at(-1), { run: 4, instance: 'api.1' })
  t.equal(world.timers, 0)
})

t.test('at the end of the grace SIGKILL goes to what is left of the tree', async (t) => {
  const world = new FakeWorld(planOf(processSpec('web', { graceMs: 700 }))).begin().execute(1)
  const left = world.fork(1)
  world.exit(1, 1).advance(699)
  t.same(world.sent, [`15 ${left}`])
  world.advance(1)
  t.same(world.sent, [`15 ${left}`, `9 ${left}`])
  const forked = world.fork(1)
  world.die(left, 0, 9)
  t.same(world.sent.slice(2), [`9 ${forked}`], 'and to what was forked meanwhile')
  world.die(forked, 0, 9)
  t.match(world.runs.at(-1), { run: 2 })
})

t.test('a pid that the kernel gives again belongs to the new run', async (t) => {
  const world = new FakeWorld(planOf(processSpec('web'))).begin().execute(1)
  const { pid } = world.run(1)
  const spawn = world.ports.spawner.spawn
  world.ports.spawner.spawn = (...given) => {
    const spawned = spawn(...given)
    return spawned && { ...spawned, pid }
  }
  const instances = () => world.runtime.view().processes[0]?.instances
  world.exit(1, 1).execute(2)
  world.tell(pid, { code: 0, signal: 0 }, true)
  t.match(instances(), [{ phase: 'running', restarts: 1 }], 'not the end of an orphan that had it')
  world.tell(pid, { code: 1, signal: 0 }, false)
  t.match(instances(), [{ phase: 'backoff', restarts: 2 }])
})

t.test('a process that has ended is not signalled, even before its end is told', async (t) => {
  const world = new FakeWorld(planOf(processSpec('web'))).begin().exit(1, 3).signal(15)
  t.same(world.sent, [])
  world.execute(1).turn()
  t.same(world.exitCodes, [0])
})
