import t from 'tap'
import { view } from '../../../src/core/view.ts'
import { answer, begin } from '../../rig/probing.ts'
import { probeSpec } from '../../rig/specs.ts'
import { type Story, shown, words } from '../../rig/story.ts'

t.test(
  'without a startup probe a run is running at once, and ready with its first success',
  async (t) => {
    const story = begin({ probes: { readiness: probeSpec() } })
    t.match(story.instance(), { phase: 'running', wasReady: false })
    t.same(words(story), ['readiness 1100'])
    answer(story, 'readiness', true)
    t.match(story.changes, [{ type: 'probe', probe: 'readiness', isOk: true, isReady: true }])
    t.match(shown(story), { isReady: true, isStarted: true, reason: null })
    t.same(words(story), ['readiness 11100'])
  },
)

t.test(
  'until the startup probe has succeeded the run is starting, and nothing else is asked',
  async (t) => {
    const story = begin({
      probes: { startup: probeSpec(), readiness: probeSpec(), liveness: probeSpec() },
    })
    t.equal(story.instance().phase, 'starting')
    t.same(words(story), ['startup 1100'])
    answer(story, 'startup', true)
    t.equal(story.instance().phase, 'running')
    t.same(words(story), ['liveness 1100', 'readiness 1100'])
    t.match(shown(story), { isReady: false, reason: 'readiness: no result yet' })
  },
)

t.test('a run with a startup probe alone is ready when that has succeeded', async (t) => {
  const story = begin({ probes: { startup: probeSpec() } })
  t.match(shown(story), { isReady: false, reason: 'startup: no result yet' })
  answer(story, 'startup', true)
  t.match(shown(story), { isReady: true, reason: null })
  t.same(words(story), [])
})

t.test(
  'a run with a liveness probe alone is ready at once, and healthy before the first result',
  async (t) => {
    const story = begin({ probes: { liveness: probeSpec({ initialDelayMs: 2000 }) } })
    t.match(shown(story), { isReady: true, reason: null })
    t.same(words(story), ['liveness 3000'])
  },
)

t.test('so many successes in a row make it ready, so many failures unready', async (t) => {
  const story = begin({ probes: { readiness: probeSpec({ successThreshold: 2 }) } })
  const table = [
    [true, false, 'readiness: 1 of 2 successes'],
    [false, false, 'readiness: HTTP 503 (1/3)'],
    [true, false, 'readiness: 1 of 2 successes'],
    [true, true, null],
    [false, true, null],
    [false, true, null],
    [true, true, null],
    [false, true, null],
    [false, true, null],
    [false, false, 'readiness: HTTP 503 (3/3)'],
    [false, false, 'readiness: HTTP 503 (3/3)'],
    [true, false, 'readiness: 1 of 2 successes'],
    [true, true, null],
  ] as const
  for (const [index, [isOk, isReady, reason]] of table.entries()) {
    const before = shown(story)?.isReady
    answer(story, 'readiness', isOk)
    t.match(shown(story), { phase: 'running', isReady, reason }, `${index}`)
    t.match(story.changes, [{ type: 'probe', isReady: before === isReady ? undefined : isReady }])
  }
  t.equal(story.instance().wasReady, true)
})

t.test(
  'each failure of a row is told with its number, and none beyond the threshold',
  async (t) => {
    const readiness = probeSpec({ periodMs: 50, failureThreshold: 2 })
    const story = begin({ probes: { readiness } })
    for (const failures of [1, 2, undefined, undefined]) {
      answer(story, 'readiness', false)
      t.equal(failuresTold(story), failures)
    }
    answer(story, 'readiness', true)
    answer(story, 'readiness', false)
    t.equal(failuresTold(story), 1)

    const single = begin({ probes: { liveness: probeSpec({ failureThreshold: 1 }) } })
    answer(single, 'liveness', false)
    t.match(single.changes[0], { type: 'probe', failures: 1, failureThreshold: 1 })
  },
)

t.test('what a command wrote that failed is told, and not kept', async (t) => {
  const story = begin({ probes: { liveness: probeSpec() } })
  const result = { isOk: false, detail: 'exit code 1', output: 'no database', durationMs: 3 }
  story.take({ type: 'probed', run: 1, probe: 'liveness', ...result })
  t.match(story.changes, [{ type: 'probe', ...result }])
  t.notMatch(JSON.stringify(story.state), 'no database')
})

t.test('readiness never ends a run', async (t) => {
  const story = begin({ probes: { readiness: probeSpec({ periodMs: 50, failureThreshold: 1 }) } })
  for (let count = 0; count < 100; count++) answer(story, 'readiness', false)
  t.equal(story.instance().phase, 'running')
})

t.test('a run is stable when it was ready for long enough at a stretch', async (t) => {
  const probes = { readiness: probeSpec({ periodMs: 1000, failureThreshold: 1 }) }
  const failuresAfter = (...stretchesMs: readonly number[]) => {
    const story = begin({ probes }).end(1, 1).run(2)
    for (const ms of stretchesMs) {
      answer(story, 'readiness', true)
      story.wait(ms)
      answer(story, 'readiness', false, '', 0, false)
    }
    return story.wait(60_000).end(2, 1).instance().failures
  }
  t.equal(failuresAfter(), 2)
  t.equal(failuresAfter(9_999, 9_999), 2)
  t.equal(failuresAfter(10, 10_000, 10), 1)
})

t.test('what succeeds before its probes do has been ready', async (t) => {
  const story = begin({ restartPolicy: 'Never', probes: { readiness: probeSpec() } }).end(1)
  t.match(view(story.state).processes, [{ isReady: true, isStarted: true }])
})

t.test('a try for a line waits from the first moment, and a line holds to the end', async (t) => {
  const probes = { readiness: probeSpec({ by: 'logLine', timeoutMs: 10_000 }) }
  const story = begin({ probes })
  t.same(words(story), ['readiness 1000'])
  t.match(shown(story), { isReady: false, reason: 'readiness: no line matched yet' })
  answer(story, 'readiness', false, 'no line matched', 10_000)
  t.match(shown(story), { reason: 'readiness: no line matched (1/3)' })
  t.same(words(story), ['readiness 11000'], 'the next one follows at once')
  answer(story, 'readiness', true, 'a line matched', 500)
  t.match(shown(story), { isReady: true, reason: null })
  t.same(words(story), [], 'there is no other')
  story.end(1, 1).run(2)
  t.match(shown(story), { isReady: false, reason: 'readiness: no line matched yet' })
})

t.test('a run that never writes its line has failed to start after whole periods', async (t) => {
  const spec = { by: 'logLine', periodMs: 2000, timeoutMs: 2000, failureThreshold: 2 } as const
  const story = begin({ probes: { startup: probeSpec(spec) } })
  answer(story, 'startup', false, 'no line matched', 2000)
  t.equal(story.instance().phase, 'starting')
  answer(story, 'startup', false, 'no line matched', 2000)
  t.equal(story.monoMs, 5000)
  t.match(story.changes.at(-1), {
    ...{ phase: 'stopping', cause: 'startup-failed' },
    reason: 'startup: no line matched (2/2)',
  })
})

/** The failures in a row that the last step has told of. */
function failuresTold({ changes }: Story): number | undefined {
  const [change] = changes
  return change?.type === 'probe' ? change.failures : undefined
}
