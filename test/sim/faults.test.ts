import t from 'tap'
import { FakeWorld } from '../rig/fake-world.ts'
import { planOf, processSpec } from '../rig/specs.ts'

const two = planOf(processSpec('web'), processSpec('api'))

t.test('a spawner that throws is a failed start, and the others start', async (t) => {
  const world = new FakeWorld(two)
  breakOnce(world.ports.spawner, 'spawn')
  world.begin()
  t.same(world.errors(), ['Error: spawn is broken'])
  t.same(world.phases('web.1'), ['pending', 'starting'])
  t.same(world.phases('api.1'), ['starting'])
  t.match(world.runtime.view().processes[0]?.instances, [{ restarts: 1 }])
})

t.test('a spawner that throws after the loop has turned does not hold the lane up', async (t) => {
  const world = new FakeWorld(planOf(processSpec('web', { replicas: 5 })), { spawnMs: 8 }).begin()
  breakOnce(world.ports.spawner, 'spawn')
  for (let count = 0; count < 5; count++) world.turn()
  t.same(world.runs.map(({ instance }) => instance).sort(), [
    'web.1',
    'web.2',
    'web.3',
    'web.4',
    'web.5',
  ])
})

t.test('a run whose output cannot be read goes on without', async (t) => {
  const world = new FakeWorld(planOf(processSpec('web')))
  breakOnce(world.ports.output, 'attach')
  world.begin().execute(1)
  t.same(world.phases('web.1'), ['starting', 'running'])
  world.signal(15).exit(1, 0, 15).turn()
  t.same(world.errors(), ['Error: attach is broken'])
  t.same(world.exitCodes, [0])
})

t.test('a look at the processes that throws is made again', async (t) => {
  const world = new FakeWorld(two).begin().execute(1).execute(2)
  const [one, other] = [world.fork(1), world.fork(2)]
  world.exit(1, 1).exit(2, 1)
  breakOnce(world.ports.processes, 'treeOf')
  world.end(one).die(other)
  t.same(world.phases('web.1').at(-1), 'stopping')
  t.same(world.phases('api.1').at(-1), 'starting', 'the other tree was looked at')
  world.advance(10_000)
  t.same(world.phases('web.1').at(-1), 'starting')
  t.same(world.errors(), ['Error: treeOf is broken'])
})

t.test('a signal that cannot be sent does not keep the others from it', async (t) => {
  const world = new FakeWorld(two).begin().execute(1).execute(2)
  breakOnce(world.ports.processes, 'stop')
  world.signal(15)
  t.same(world.sent, [`15 ${world.run(2).pid}`])
  world.advance(10_000)
  t.same(world.sent.slice(1), [`9 ${world.run(1).pid}`, `9 ${world.run(2).pid}`])
  const left = [world.fork(1), world.fork(1)]
  breakOnce(world.ports.processes, 'signalMember')
  world.end(world.run(1).pid, 0, 9)
  t.same(world.sent.slice(3), [`9 ${left[1]}`])
})

t.test('a sweep that cannot look ends all the same', async (t) => {
  const world = new FakeWorld(planOf(processSpec('web'))).begin().execute(1).signal(15)
  breakOnce(world.ports.processes, 'everythingBelow')
  world.exit(1, 0, 15).turn()
  t.same(world.errors(), ['Error: everythingBelow is broken'])
  world.advance(1000)
  t.same(world.exitCodes, [0])
})

t.test('a reader that throws stops nobody', async (t) => {
  const world = new FakeWorld(two)
  world.onChange = () => {
    throw new Error('reader is broken')
  }
  world.begin().execute(1)
  t.same(world.phases('web.1'), ['starting', 'running'])
  t.same(world.errors(), [])
})

t.test('a throw in a step leaves the state as it was, and the next event is taken', async (t) => {
  let isPoisoned = false
  const spec = processSpec('web')
  const poisoned = {
    ...spec,
    get restartPolicy() {
      if (isPoisoned) throw new Error('poison')
      return spec.restartPolicy
    },
  }
  const world = new FakeWorld(planOf(poisoned, processSpec('other'))).begin().execute(1)
  const before = world.runtime.view()
  isPoisoned = true
  world.execute(1)
  t.equal(world.runtime.view(), before, 'nothing changed, so the view is the same')
  world.exit(1, 1)
  isPoisoned = false
  t.same(world.errors(), ['Error: poison'])
  t.equal(world.phases('web.1').at(-1), 'stopping')
  world.execute(2).exit(2)
  t.equal(world.phases('other.1').at(-1), 'starting', 'others go on')
  world.advance(10_000)
  t.equal(world.phases('web.1').at(-1), 'failed', 'the instance that it was about is given up')
})

t.test('an instance of an unknown process is published, not thrown', async (t) => {
  let name = 'web'
  const strange = Object.defineProperty(processSpec('web'), 'name', { get: () => name })
  const world = new FakeWorld(planOf(strange))
  name = 'nobody'
  world.begin().signal(15)
  t.same(world.errors(), ['Error: no process web', 'Error: no process web'])
  t.equal(world.runtime.view().phase, 'running')
})

t.test('the queue has a bound: what comes over it is dropped and told', async (t) => {
  const world = new FakeWorld(planOf(processSpec('web')))
  let isFlooding = true
  world.onChange = (change) => {
    if (!isFlooding || change.type !== 'instance' || change.phase !== 'running') return
    isFlooding = false
    for (let count = 0; count < 10_003; count++) world.signal(1)
  }
  world.begin().execute(1)
  t.same(world.errors(), Array(3).fill('Error: event queue is full, dropped signalled'))
  world.signal(15)
  t.same(world.sent, [`15 ${world.run(1).pid}`])
})

t.test('what is posted from within an event comes after all that the event led to', async (t) => {
  const world = new FakeWorld(two)
  world.onChange = (change) => {
    if (change.type === 'supervisor' && change.phase === 'running') world.signal(15)
  }
  world.begin()
  t.equal(world.runs.length, 2)
  t.same(world.phases('web.1'), ['stopping'])
  t.same(
    world.sent,
    world.runs.map(({ pid }) => `15 ${pid}`),
  )
})

t.test('an unexpected error of others is published as it is', async (t) => {
  const world = new FakeWorld(two)
  world.runtime.report('what')
  world.runtime.report(Object.assign(new Error('why'), { stack: undefined }))
  t.same(world.errors(), ['what', 'why'])
})

/** The next call throws. */
function breakOnce<K extends string>(port: { [key in K]: unknown }, name: K): void {
  const whole = port[name]
  port[name] = () => {
    port[name] = whole
    throw new Error(`${name} is broken`)
  }
}
