import t from 'tap'
import type { Prober } from '../../src/ports/prober.ts'
import { createLateProber } from '../../src/runtime/late-prober.ts'
import { FakeWorld } from '../rig/fake-world.ts'
import { firstOf, planOf, probeSpec, processSpec } from '../rig/specs.ts'

t.test('a try begins at its time, and its result is taken in', async (t) => {
  const world = begin({ readiness: probeSpec() }).execute(1).advance(99)
  t.equal(world.tries.length, 0)
  world.advance(1)
  t.match(world.tries, [{ instance: 'web.1', atMs: 100, check: { kind: 'tcp' } }])
  world.advance(50).answer(false).advance(50)
  t.match(world.tries, [{}, { atMs: 200 }])
  world.answer(true, 'HTTP 200')
  t.equal(isReady(world), true)
  t.match(world.changes.at(-1), { type: 'probe', isOk: true, durationMs: 0, isReady: true })
  world.advance(9_999)
  t.equal(world.tries.length, 2)
  world.advance(1)
  t.equal(world.tries.length, 3)
})

t.test('a try that takes too long is ended and has failed', async (t) => {
  const world = begin({ liveness: probeSpec({ timeoutMs: 250, failureThreshold: 1 }) }).execute(1)
  world.advance(249)
  t.match(world.tries, [{ isOver: false }])
  world.advance(1)
  t.match(world.tries, [{ isOver: true }])
  t.same(world.phases('web.1').at(-1), 'stopping')
  t.match(world.changes.at(-2), { detail: 'no answer within 0.25 s', durationMs: 250 })
  t.same(world.sent, ['15 101'])
})

t.test('the end of a run ends its tries, and nothing of them is heard later', async (t) => {
  const probes = { liveness: probeSpec(), readiness: probeSpec() }
  const world = begin(probes).execute(1).advance(100)
  const before = world.tries.slice()
  world.exit(1, 1)
  t.match(before, [{ isOver: true }, { isOver: true }])
  world.execute(2)
  for (const { onEnd } of before) onEnd({ isOk: true, detail: '' })
  t.equal(isReady(world), false, 'of the older run')
  world.signal(15).exit(2)
  t.equal(world.timers, 0)
  t.same(world.exitCodes, [0])
})

t.test('a stop ends a liveness try, and readiness goes on', async (t) => {
  const probes = { liveness: probeSpec(), readiness: probeSpec() }
  const world = begin(probes).execute(1).advance(100).signal(15)
  t.match(world.tries, [{ isOver: true }, { isOver: false }])
  world.answer(true).advance(10_000)
  t.equal(world.tries.length, 3, 'again after its period')
})

t.test('a line that comes ends the try that waits for it; then nothing is timed', async (t) => {
  const readiness = probeSpec({ by: 'logLine', timeoutMs: 10_000 })
  const world = begin({ readiness }).execute(1).advance(0)
  t.match(world.tries, [{ atMs: 0, check: { kind: 'logLine' } }])
  world.advance(10_000)
  t.match(world.tries, [{ isOver: true }, { atMs: 10_000 }])
  const failed = { detail: 'no line matched', failures: 1, durationMs: 10_000 }
  t.match(world.changes.at(-1), failed)
  world.advance(70).answer(true, 'a line matched')
  t.equal(isReady(world), true)
  t.match(world.changes.at(-1), { isReady: true, durationMs: 70 })
  t.equal(world.timers, 0)
})

t.test('nothing is timed but what is awaited: one timer for hundreds of probes', async (t) => {
  const spec = processSpec('web', { replicas: 300, probes: { readiness: probeSpec() } })
  const world = new FakeWorld(planOf(spec)).begin()
  for (let run = 1; run <= 300; run++) world.execute(run)
  t.equal(world.timers, 1)
  world.advance(100)
  t.equal(world.tries.length, 300)
  for (const { onEnd } of world.tries.slice()) onEnd({ isOk: true, detail: '' })
  t.equal(world.timers, 1)
  world.advance(10_000)
  t.equal(world.tries.length, 600)
})

t.test('a prober that throws has failed the try, and is heard of', async (t) => {
  const world = begin({ readiness: probeSpec() })
  world.ports.prober.probe = () => {
    throw new Error('broken prober')
  }
  world.execute(1).advance(100)
  t.same(world.errors(), ['Error: broken prober'])
  t.match(world.runtime.view().processes[0]?.instances, [{ reason: 'readiness: internal error' }])
  t.equal(world.clock.nextAt(), 1200, 'and is asked again')
})

t.test('tries that come before the prober is loaded begin when it is', async (t) => {
  const late = createLateProber()
  const began: string[] = []
  const prober: Prober = {
    probe({ runId }, onEnd) {
      began.push(runId)
      onEnd({ isOk: true, detail: '' })
      return () => began.push(`${runId} ended`)
    },
  }
  const outcomes: unknown[] = []
  const probe = (runId: string) =>
    late.probe({ ...target, runId }, (outcome) => outcomes.push(outcome))
  const [cancel, end] = [probe('1'), probe('2')]
  cancel()
  late.arrive(prober)
  t.same(began, ['2'])
  end()
  probe('3')()
  t.same(began, ['2', '2 ended', '3', '3 ended'])
  t.same(outcomes.length, 2)
})

t.test('when the prober cannot be loaded every try fails', async (t) => {
  const late = createLateProber()
  const outcomes: unknown[] = []
  const probe = () => late.probe(target, (outcome) => outcomes.push(outcome))
  probe()
  probe()()
  late.arrive(null)
  probe()
  probe()()
  t.same(outcomes, [], 'not before it returns')
  await Promise.resolve()
  t.same(outcomes, Array(2).fill({ isOk: false, detail: 'probes could not be loaded' }))
})

const spec = firstOf(processSpec('web'))
const target = { check: { kind: 'tcp', host: null, port: 1 }, spec, runId: '1' } as const

function begin(probes: NonNullable<Parameters<typeof processSpec>[1]>['probes'] = {}): FakeWorld {
  return new FakeWorld(planOf(processSpec('web', { probes }))).begin()
}

function isReady(world: FakeWorld): boolean | undefined {
  return world.runtime.view().processes[0]?.isReady
}
