import t from 'tap'
import { type ProcessGiven, planOf, probeSpec, processSpec } from '../../rig/specs.ts'
import { Story, words } from '../../rig/story.ts'

const begun = (given: ProcessGiven = {}) =>
  new Story(processSpec('web', given)).take({ type: 'begin' })
const apply = (given: ProcessGiven) =>
  ({ type: 'apply', plan: planOf(processSpec('web', given)), by: 'test' }) as const

t.test('a run that waits for its turn is of the new spec', async (t) => {
  t.same(words(begun().take(apply({ graceMs: 1 }))), ['adopt 1'])
})

t.test('a startup probe that is no more keeps nobody waiting', async (t) => {
  const story = begun({ probes: { startup: probeSpec() } }).run(1)
  t.equal(story.instance().phase, 'starting')
  t.same(words(story.take(apply({}))), ['adopt 1', 'startup off'])
  t.equal(story.instance().phase, 'running')
})

t.test('a probe that is new begins, but for one of a start that is over', async (t) => {
  const story = begun().run(1).wait(5000)
  const probes = { startup: probeSpec(), liveness: probeSpec(), readiness: probeSpec() }
  t.same(words(story.take(apply({ probes }))), ['adopt 1', 'readiness 6000', 'liveness 6000'])
  t.ok(story.instance().live?.readySinceMonoMs, 'who was ready is, until it is known better')
  const early = begun().take({ type: 'spawned', run: 1, pid: 101 }, apply({ probes }))
  t.same(words(early), ['adopt 1'])
  t.same(words(early.take({ type: 'executed', run: 1 })), ['startup 1100'])
})

t.test('a probe that is no more is not tried while a run is being stopped', async (t) => {
  const story = begun({ probes: { readiness: probeSpec() } }).run(1)
  story.take({ type: 'stop', instances: ['web.1'], by: 'test' })
  t.same(words(story.take(apply({}))), ['adopt 1', 'readiness off'])
  t.equal(story.instance().phase, 'stopping')
})

t.test('a run is as old as it is', async (t) => {
  const story = begun().run(1).wait(5000)
  t.same(words(story.take(apply({ maxAgeMs: 8000 }))), ['adopt 1', 'age 9000'])
  t.same(words(story.take(apply({ maxAgeMs: 1000 }))), ['adopt 1', 'age off', 'age 6000'])
  t.same(words(story.take(apply({}))), ['adopt 1', 'age off'])
})

t.test('a run that ends takes no more than the spec', async (t) => {
  const story = begun({ replicas: 2 }).run(1).run(2).end(1, 1).run(3)
  story.take({ type: 'exited', run: 2, status: { code: 1, signal: 0 } })
  story.take(apply({ replicas: 2, maxAgeMs: 8000 }))
  t.same(words(story), ['adopt 3', 'age 9000'])
})
