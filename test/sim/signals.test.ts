import t from 'tap'
import { FakeWorld } from '../rig/fake-world.ts'
import { planOf, processSpec } from '../rig/specs.ts'

const two = planOf(processSpec('web'), processSpec('api'))

t.test('a signal is forwarded in the turn it came, to those who have a handler', async (t) => {
  const world = new FakeWorld(two).begin().execute(1).execute(2)
  const [web, api] = [world.run(1).pid, world.run(2).pid]
  world.ports.processes.handles = (pid, signal) => pid === api && signal === 10
  world.signal(10).signal(12)
  t.same(world.sent, [`10 ${api}`])
  world.ports.processes.handles = () => true
  t.same(world.signal(12).sent.slice(1), [`12 ${web}`, `12 ${api}`])
})

t.test('one that has ended, and is not told of yet, gets nothing', async (t) => {
  const world = new FakeWorld(planOf(processSpec('web'))).begin()
  world.end(world.run(1).pid, 1).execute(1).signal(10)
  t.same(world.sent, [])
})

t.test('the whole group gets the stop signal, and once', async (t) => {
  const spec = processSpec('web', { killMode: 'group', graceMs: 1000 })
  const world = new FakeWorld(planOf(spec)).begin().execute(1)
  const { pid } = world.run(1)
  const [inGroup, elsewhere] = [world.fork(1, pid), world.fork(1)]
  world.signal(15)
  t.same(world.sent, [`15 -${pid}`])
  world.exit(1, 0, 15)
  t.same(world.sent.slice(1), [`15 ${elsewhere}`])
  world.advance(1000)
  t.same(world.sent.slice(2), [`9 ${inGroup}`, `9 ${elsewhere}`])
})

t.test('what killMode process leaves is swept, and its last words are kept', async (t) => {
  const spec = processSpec('web', { killMode: 'process' })
  const world = new FakeWorld(planOf(spec)).begin().execute(1)
  const daemon = world.fork(1)
  world.exit(1, 1)
  t.equal(world.phases('web.1').at(-1), 'starting', 'the restart does not wait')
  t.equal(world.run(1).isReleased, false, 'it may go on to write')
  world.execute(2).signal(15).exit(2, 0, 15)
  t.same(world.sent.slice(1), [`15 ${daemon}`])
  t.same(world.exitCodes, [])
  world.die(daemon, 0, 15).turn()
  t.ok(world.run(1).isReleased)
  t.same(world.exitCodes, [0])
})

t.test('the guard watches a group from its spawn until nothing of its tree lives', async (t) => {
  const world = new FakeWorld(planOf(processSpec('web'))).begin().execute(1)
  const { pid } = world.run(1)
  const left = world.fork(1)
  t.same([...world.guarded], [pid])
  world.exit(1, 1)
  t.same([...world.guarded], [pid])
  world.die(left)
  t.same([...world.guarded], [world.run(2).pid])
  world.execute(2).signal(15).exit(2, 0, 15)
  t.same([...world.guarded], [])
})

t.test('log files are opened anew when a signal asks for it, also in a shutdown', async (t) => {
  const world = new FakeWorld(two).begin().execute(1).execute(2).signal(30)
  t.equal(world.reopenings, 1)
  world.signal(15).signal(30)
  t.equal(world.reopenings, 2)
})

t.test('a reload reads the files, and what is wrong with them changes nothing', async (t) => {
  const world = new FakeWorld(two).begin().execute(1).execute(2)
  world.readConfig = async () => ({ problem: 'ringmaster.yaml:1:1: unknown key' })
  world.signal(1)
  await Promise.resolve()
  world.readConfig = async () => ({ problem: null, plan: two })
  world.signal(1)
  await Promise.resolve()
  t.match(
    world.changes.filter(({ type }) => type === 'config'),
    [
      { problem: 'ringmaster.yaml:1:1: unknown key', diff: null, by: 'reload' },
      { problem: null, diff: { processes: [], settings: [], fixed: [] } },
    ],
  )
  t.equal(world.runs.length, 2)
  t.same(world.sent, [])
})
