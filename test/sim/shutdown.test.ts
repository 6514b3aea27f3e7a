import t from 'tap'
import { FakeWorld } from '../rig/fake-world.ts'
import { planOf, processSpec } from '../rig/specs.ts'

const web = planOf(processSpec('web', { graceMs: 700 }))

t.test('TERM stops the main process, then what it leaves, then exits', async (t) => {
  const world = ready()
  const { pid } = world.run(1)
  const left = world.fork(1)
  world.signal(15)
  t.same(world.sent, [`15 ${pid}`], 'in the same turn')
  world.exit(1, 0, 15)
  t.same(world.sent, [`15 ${pid}`, `15 ${left}`])
  world.die(left).turn()
  t.same(world.exitCodes, [0])
  t.equal(world.timers, 0)
})

t.test('at the end of the grace SIGKILL goes to the main process', async (t) => {
  const world = ready()
  const { pid } = world.run(1)
  world.signal(15).advance(699)
  t.same(world.sent, [`15 ${pid}`])
  world.advance(1)
  t.same(world.sent, [`15 ${pid}`, `9 ${pid}`])
  const left = world.fork(1)
  world.end(pid, 0, 9)
  t.same(world.sent.slice(2), [`9 ${left}`], 'and to what it leaves')
  world.die(left, 0, 9).turn()
  t.match(world.runtime.view().processes[0]?.instances, [{ last: { cause: 'grace-exceeded' } }])
  t.same(world.exitCodes, [0])
})

t.test('a second INT kills at once', async (t) => {
  const world = ready()
  const { pid } = world.run(1)
  world.signal(2).signal(15)
  t.same(world.sent, [`15 ${pid}`])
  world.signal(2)
  t.same(world.sent, [`15 ${pid}`, `9 ${pid}`])
  world.exit(1, 0, 9).turn()
  t.same(world.exitCodes, [0])
})

t.test('a stop during a wait is over at once', async (t) => {
  const world = ready().exit(1, 1).execute(2).exit(2, 1)
  t.equal(world.timers, 1)
  world.signal(15).turn()
  t.same(world.exitCodes, [0])
  t.equal(world.timers, 0)
})

t.test('what belongs to no run is swept: TERM, then SIGKILL after a second', async (t) => {
  const world = ready()
  const [polite, deaf] = [world.fork(0), world.fork(0)]
  world.signal(15).exit(1, 0, 15).turn()
  t.same(world.sent.slice(1), [`15 ${polite}`, `15 ${deaf}`])
  world.die(polite, 0, 15).advance(999)
  t.equal(world.sent.length, 3)
  world.advance(1)
  t.same(world.sent.slice(3), [`9 ${deaf}`])
  t.same(world.exitCodes, [])
  world.die(deaf, 0, 9)
  t.same(world.exitCodes, [0])
})

t.test('the sweep kills what was forked while it killed', async (t) => {
  const world = ready()
  const other = world.fork(0)
  world.signal(15).exit(1, 0, 15).turn().advance(1000)
  const forked = world.fork(0)
  world.die(other, 0, 9)
  t.same(world.sent.at(-1), `9 ${forked}`)
})

t.test(
  'what does not even die of SIGKILL is left to the kernel after one more second',
  async (t) => {
    const world = ready()
    world.fork(0)
    world.signal(15).exit(1, 0, 15).turn().advance(1999)
    t.same(world.exitCodes, [])
    world.advance(1)
    t.same(world.exitCodes, [0])
    t.equal(world.timers, 0)
  },
)

t.test('the last words are waited for', async (t) => {
  const world = new FakeWorld(web, { holdsOutput: true }).begin().execute(1)
  world.signal(15).exit(1, 0, 15)
  t.same(world.phases('web.1').at(-1), 'stopped')
  t.same(world.exitCodes, [])
  world.run(1).endOutput()
  t.same(world.exitCodes, [0])
})

t.test('a process that fails for good ends Ringmaster with its code', async (t) => {
  const plan = planOf(processSpec('job', { restartPolicy: 'Never' }), processSpec('web'))
  const world = new FakeWorld(plan).begin().execute(1).execute(2).exit(1, 7)
  t.same(world.sent, [`15 ${world.run(2).pid}`])
  world.exit(2, 0, 15).turn()
  t.same(world.exitCodes, [7])
})

t.test('when everything has succeeded Ringmaster ends, whatever ends first of a run', async (t) => {
  for (const isOutputFirst of [true, false]) {
    const world = new FakeWorld(planOf(processSpec('job', { restartPolicy: 'OnFailure' })), {
      holdsOutput: true,
    })
    world.begin().execute(1)
    if (isOutputFirst) world.run(1).endOutput()
    world.exit(1)
    if (!isOutputFirst) world.run(1).endOutput()
    t.same(world.exitCodes, [0])
  }
})

function ready(): FakeWorld {
  return new FakeWorld(web).begin().execute(1)
}
