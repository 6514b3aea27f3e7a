import t from 'tap'
import type { HookAction, HookName } from '../../src/plan/instance-spec.ts'
import { FakeWorld } from '../rig/fake-world.ts'
import { planOf, processSpec } from '../rig/specs.ts'

const sleeping = { kind: 'sleep', ms: 3000 } as const
const asking = { kind: 'tcp', host: null, port: '1' } as const

t.test('a hook that sleeps takes its time, and is over before it when the run ends', async (t) => {
  const world = begin({ postStart: sleeping, preStop: sleeping }).execute(1)
  world.advance(2999)
  t.same(world.phases('web.1').at(-1), 'starting')
  world.advance(1)
  t.same(world.phases('web.1').at(-1), 'running')
  world.signal(15).advance(2999)
  t.same(world.sent, [])
  world.advance(1)
  t.same(world.sent, ['15 101'])
  world.exit(1)
  t.equal(world.timers, 0)
  t.same(world.exitCodes, [0])

  const other = begin({ preStop: sleeping }).execute(1).signal(15).exit(1)
  t.equal(other.timers, 0)
  t.same(other.exitCodes, [0])
  t.same(other.sent, [], 'it had ended')
})

t.test('a preStop that sleeps too long is cut before the end of the grace', async (t) => {
  const world = begin({ preStop: { kind: 'sleep', ms: 60_000 } })
    .execute(1)
    .signal(15)
  world.advance(8999)
  t.same(world.sent, [])
  world.advance(1)
  t.same(world.sent, ['15 101'])
  world.advance(1000)
  t.same(world.sent, ['15 101', '9 101'])
  world.exit(1, 0, 9)
  t.equal(world.timers, 0)
})

t.test('a hook is begun once, and ended when nobody waits for it any more', async (t) => {
  const world = begin({ preStop: asking }).execute(1).signal(15).signal(15)
  t.match(world.tries, [{ instance: 'web.1', check: { kind: 'tcp' }, isOver: false }])
  world.advance(9000)
  t.match(world.tries, [{ isOver: true }])
  t.same(world.sent, ['15 101'])
  t.match(
    world.changes.findLast(({ type }) => type === 'hook'),
    { hook: 'preStop', isOk: false, detail: 'not done in time' },
  )
})

t.test('a failed postStart restarts, and what an old one says is not heard', async (t) => {
  const world = begin({ postStart: asking }).execute(1)
  const [old] = world.tries
  world.answer(false, 'exit code 1').exit(1, 0, 15).execute(2)
  t.match(
    world.changes.findLast(({ type }) => type === 'hook'),
    { isOk: false },
  )
  t.equal(world.tries.length, 2)
  old?.onEnd({ isOk: true, detail: '' })
  t.equal(world.phases('web.1').at(-1), 'starting')
  world.answer(true)
  t.equal(world.phases('web.1').at(-1), 'running')
})

t.test('what the kernel lacks just now is tried again, until nobody waits for it', async (t) => {
  const world = begin({ postStart: asking }).execute(1).answer(null, 'EAGAIN fork')
  t.equal(world.tries.length, 1)
  world.advance(500)
  t.equal(world.tries.length, 2)
  world.answer(null, 'EAGAIN fork').signal(15).advance(500)
  t.equal(world.tries.length, 2)
  world.exit(1)
  t.same(world.exitCodes, [0])
  t.equal(world.timers, 0)
})

t.test('a hook that cannot be begun has failed, and is heard of', async (t) => {
  const world = begin({ postStart: asking, preStop: asking })
  world.ports.prober.probe = () => {
    throw new Error('broken prober')
  }
  world.execute(1)
  t.same(world.errors(), ['Error: broken prober', 'Error: broken prober'])
  t.same(world.sent, ['15 101'], 'the stop signal does not wait for what is broken')
  const missing = begin({}, ['preStop']).execute(1).signal(15)
  t.same(missing.errors(), ['Error: no preStop hook of web.1'])
  t.same(missing.sent, ['15 101'])
})

/** A world of one process with these hooks. */
function begin(
  actions: Readonly<Partial<Record<HookName, HookAction<string>>>>,
  hooks = Object.keys(actions) as HookName[],
): FakeWorld {
  const spec = processSpec('web', { hooks })
  const template = { ...spec.template, hooks: actions }
  return new FakeWorld(planOf({ ...spec, template })).begin()
}
