import t from 'tap'
import type { ProcessSpec } from '../../src/plan/process-spec.ts'
import { FakeWorld } from '../rig/fake-world.ts'
import { planOf, probeSpec, processSpec } from '../rig/specs.ts'

const probed = (port: string): ProcessSpec => {
  const spec = processSpec('web', { probes: { readiness: probeSpec({ periodMs: 1000 }) } })
  const readiness = { kind: 'tcp', host: null, port } as const
  return { ...spec, template: { ...spec.template, checks: { readiness } } }
}
const apply = (...processes: readonly ProcessSpec[]) =>
  ({ type: 'apply', plan: planOf(...processes), by: 'test' }) as const

t.test('the next try of a probe is of the new spec, in the same run', async (t) => {
  const world = new FakeWorld(planOf(probed('1'))).begin().execute(1).advance(200)
  world.answer(true)
  world.runtime.post(apply(probed('2')))
  world.advance(1000)
  t.match(world.tries.at(-1)?.check, { port: 2 })
  t.equal(world.runs.length, 1)
})

t.test('a memory limit that is new, or no more, is watched at once, or no more', async (t) => {
  const world = new FakeWorld(planOf(processSpec('web'))).begin().execute(1)
  world.runtime.post(apply(processSpec('web', { memoryLimitBytes: 1000 })))
  world.advance(5000)
  t.same(world.looks, [[101]])
  world.runtime.post(apply(processSpec('web')))
  world.advance(5000)
  t.equal(world.looks.length, 1)
})

t.test('a spawn that waits for its turn is of the new spec', async (t) => {
  const limited = processSpec('web', { replicas: 2, memoryLimitBytes: 1000 })
  const world = new FakeWorld(planOf(processSpec('web', { replicas: 2 })), { spawnMs: 9 }).begin()
  world.runtime.post(apply(limited))
  world.turn().execute(2).advance(5000)
  t.ok(world.looks.some((pids) => pids.includes(world.run(2).pid)))
})

t.test('what a plan would change is told, and changes nothing', async (t) => {
  const world = new FakeWorld(planOf(processSpec('web'))).begin().execute(1)
  t.match(world.runtime.preview(planOf(processSpec('web', { replicas: 2 }))), {
    processes: [{ process: 'web', kind: 'scale', replicas: { from: 1, to: 2 } }],
  })
  t.equal(world.runs.length, 1)
})
