import t from 'tap'
import type { Fact } from '../../../src/core/events.ts'
import { view } from '../../../src/core/view.ts'
import type { ProbeName } from '../../../src/plan/instance-spec.ts'
import { type ProcessGiven, probeSpec, processSpec } from '../../rig/specs.ts'
import { Story, stamp, stepSafely, words } from '../../rig/story.ts'

const stop: Fact = { type: 'shutdown', reason: 'test', code: 0 }

t.test(
  'without a startup probe a run is running at once, and ready with its first success',
  async (t) => {
    const story = begin({ probes: { readiness: probeSpec() } })
    t.match(story.instance(), { phase: 'running', wasReady: false })
    t.same(words(story), ['readiness 1100'])
    answer(story, 'readiness', true)
    t.match(story.changes, [{ type: 'probe', probe: 'readiness', isOk: true, isReady: true }])
    t.match(instanceView(story), { isReady: true, isStarted: true, reason: null })
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
    t.match(instanceView(story), { isReady: false, reason: 'readiness: no result yet' })
  },
)

t.test('a run with a startup probe alone is ready when that has succeeded', async (t) => {
  const story = begin({ probes: { startup: probeSpec() } })
  t.match(instanceView(story), { isReady: false, reason: 'startup: no result yet' })
  answer(story, 'startup', true)
  t.match(instanceView(story), { isReady: true, reason: null })
  t.same(words(story), [])
})

t.test(
  'a run with a liveness probe alone is ready at once, and healthy before the first result',
  async (t) => {
    const story = begin({ probes: { liveness: probeSpec({ initialDelayMs: 2000 }) } })
    t.match(instanceView(story), { isReady: true, reason: null })
    t.same(words(story), ['liveness 3000'])
  },
)

t.test(
  'until the first success, startup and readiness are also tried after 0.1, 0.2, 0.4 … s up to the period, which counts for nothing',
  async (t) => {
    for (const name of ['startup', 'readiness'] as const) {
      const story = begin({
        probes: { [name]: probeSpec({ periodMs: 1000, failureThreshold: 2 }) },
      })
      const times = [100, 200, 400, 800]
      for (const [index, ms] of times.entries()) {
        t.same(words(story), [`${name} ${1000 + ms}`])
        answer(story, name, false, 'connection refused')
        t.equal(instanceView(story)?.reason, `${name}: connection refused`, `${index}`)
        t.match(story.changes, [{ type: 'probe', failures: undefined }])
      }
      t.same(words(story), [`${name} 2000`], 'the first that counts, a period after the start')
      answer(story, name, false, 'HTTP 503')
      t.same(words(story), [`${name} 3000`], 'then one a period')
      t.equal(instanceView(story)?.reason, `${name}: HTTP 503 (1/2)`)
    }
  },
)

t.test('a first try that takes long leaves out those whose time has passed', async (t) => {
  const story = begin({ probes: { readiness: probeSpec() } })
  answer(story, 'readiness', false, 'slow', 350)
  t.same(words(story), ['readiness 1800'])
})

t.test('the initial delay comes before the first try, which is then at once', async (t) => {
  const story = begin({
    probes: {
      startup: probeSpec({ initialDelayMs: 3000 }),
      readiness: probeSpec({ initialDelayMs: 3050 }),
      liveness: probeSpec({ initialDelayMs: 7000 }),
    },
  })
  t.same(words(story), ['startup 4000'])
  answer(story, 'startup', false)
  t.same(words(story), ['startup 4100'])
  answer(story, 'startup', true)
  t.same(words(story), ['liveness 8000', 'readiness 4100'], 'counted from the start of the run')
})

t.test('a period that is shorter than the first wait has no early tries', async (t) => {
  const story = begin({ probes: { startup: probeSpec({ periodMs: 50 }) } })
  t.same(words(story), ['startup 1050'])
  answer(story, 'startup', false)
  t.match(story.changes, [{ failures: 1, failureThreshold: 3 }])
})

t.test('chance spreads the first tries, and moves none to after its time', async (t) => {
  const probes = { readiness: probeSpec(), liveness: probeSpec({ initialDelayMs: 1000 }) }
  const story = begin({ probes }, 0.5)
  t.same(words(story), ['liveness 7000', 'readiness 1075'])
})

t.test('a try begins one period after the last began, and never before that ended', async (t) => {
  const story = begin({ probes: { readiness: probeSpec({ periodMs: 500, timeoutMs: 2000 }) } })
  answer(story, 'readiness', true)
  t.same(words(story), ['readiness 1600'])
  answer(story, 'readiness', true, '', 20)
  t.same(words(story), ['readiness 2100'], 'however long it took')
  answer(story, 'readiness', false, '', 700)
  t.same(words(story), ['readiness 2800'], 'but at its end at the soonest')
})

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
    const before = instanceView(story)?.isReady
    answer(story, 'readiness', isOk)
    t.match(instanceView(story), { phase: 'running', isReady, reason }, `${index}`)
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

t.test(
  'a liveness or startup probe that has failed ends the run, with its own grace',
  async (t) => {
    const liveness = probeSpec({ failureThreshold: 2, graceMs: 700 })
    const story = begin({ probes: { liveness } })
    answer(story, 'liveness', false)
    t.equal(story.instance().phase, 'running')
    answer(story, 'liveness', false)
    t.match(story.changes.at(-1), {
      ...{ phase: 'stopping', cause: 'liveness-failed', reason: 'liveness: HTTP 503 (2/2)' },
    })
    t.same(words(story), ['signal 1 15', `kill ${story.monoMs + 700}`])
    story.end(1)
    t.match(story.instance(), { phase: 'pending', restarts: 1, last: { cause: 'liveness-failed' } })

    const other = begin({ graceMs: 900, probes: { startup: probeSpec({ periodMs: 50 }) } })
    for (let count = 0; count < 3; count++) answer(other, 'startup', false)
    t.same(words(other), ['signal 1 15', `kill ${other.monoMs + 900}`])
    other.take({ type: 'deadline', key: 'web.1/kill' }).end(1, 0, 9)
    t.match(other.instance().last, { cause: 'startup-failed' }, 'also when SIGKILL was needed')
  },
)

t.test(
  'a try that could not be made says nothing, and the next one comes in its time',
  async (t) => {
    const story = begin({ probes: { liveness: probeSpec({ failureThreshold: 2 }) } })
    answer(story, 'liveness', false)
    answer(story, 'liveness', null, 'EAGAIN fork')
    t.match(story.changes, [{ type: 'probe', isOk: null, failures: undefined }])
    t.same(words(story), ['liveness 21000'])
    answer(story, 'liveness', null, 'EAGAIN fork')
    t.equal(story.instance().phase, 'running')
    answer(story, 'liveness', false)
    t.equal(story.instance().phase, 'stopping', 'the row goes on')

    const early = begin({ probes: { readiness: probeSpec() } })
    answer(early, 'readiness', null, 'EAGAIN fork')
    t.same(words(early), ['readiness 1200'])
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

t.test(
  'from the begin of a stop liveness and startup rest, and readiness goes on to the end',
  async (t) => {
    const story = begin({ probes: { readiness: probeSpec(), liveness: probeSpec() } })
    answer(story, 'readiness', true)
    story.take(stop)
    t.same(words(story), ['liveness off', 'signal 1 15', 'kill 11100'])
    answer(story, 'liveness', false)
    t.same(words(story), [], 'a result that comes late is dropped')
    answer(story, 'readiness', true)
    t.same(words(story), ['readiness 21100'])
    t.match(story.changes, [{ type: 'probe', isReady: undefined }])
    story.take({ type: 'exited', run: 1, status: { code: 0, signal: 0 } })
    t.match(words(story), ['readiness off', 'endTree 1 15'])

    const other = begin({ probes: { startup: probeSpec() } }).take(stop)
    t.same(words(other), ['startup off', 'signal 1 15', 'kill 11000'])
  },
)

t.test('what becomes ready or unready while it stops is not told as ready', async (t) => {
  const story = begin({ probes: { readiness: probeSpec() } }).take(stop)
  answer(story, 'readiness', true)
  t.match(story.instance(), { wasReady: false, live: { readySinceMonoMs: null } })
  t.match(instanceView(story), { isReady: false, reason: null })
})

t.test('a run that ends is tried no more', async (t) => {
  const story = begin({ probes: { readiness: probeSpec(), liveness: probeSpec() } })
  story.take({ type: 'exited', run: 1, status: { code: 1, signal: 0 } })
  t.same(words(story).slice(0, 2), ['readiness off', 'liveness off'])
  t.same(story.instance().live?.probes, {})
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

t.test(
  'an end by a probe adds to the row of failures, and begins a new one when the run had lasted',
  async (t) => {
    const probes = { liveness: probeSpec({ failureThreshold: 1 }) }
    const failures = (lastsMs: number, given: ProcessGiven = {}) => {
      const story = begin({ probes, ...given }).end(1, 1)
      story.run(2).wait(lastsMs)
      answer(story, 'liveness', false, '', 0, false)
      return story.end(2).instance().failures
    }
    t.equal(failures(599_999), 2, 'ready for long is no reason')
    t.equal(failures(600_000), 1)
    const restartLimit = { count: 5, withinMs: 60_000 }
    t.equal(failures(59_999, { restartLimit }), 2)
    t.equal(failures(60_000, { restartLimit }), 1)
  },
)

t.test(
  'a process that probes have ended too often has failed, with the code of Ringmaster giving up',
  async (t) => {
    const story = begin({
      probes: { liveness: probeSpec({ failureThreshold: 1 }) },
      restartLimit: { count: 0, withinMs: 1000 },
    })
    answer(story, 'liveness', false)
    story.end(1, 0, 15)
    t.equal(story.instance().phase, 'failed')
    t.equal(story.state.ending?.code, 69)
  },
)

t.test('what succeeds before its probes do has been ready', async (t) => {
  const story = begin({ restartPolicy: 'Never', probes: { readiness: probeSpec() } }).end(1)
  t.match(view(story.state).processes, [{ isReady: true, isStarted: true }])
})

/** A run whose command is executed; `unit` is the chance of that. */
function begin(given: ProcessGiven, unit = 0): Story {
  const story = new Story(processSpec('web', given)).take({ type: 'begin' })
  story.take({ type: 'spawned', run: 1, pid: 101 })
  const result = stepSafely(story.state, stamp({ type: 'executed', run: 1 }, story.monoMs, unit))
  story.state = result.state
  story.effects = result.effects
  return story
}

/** The awaited try ends, at its time if it `isAwaited`, and `ms` after it began. */
function answer(
  story: Story,
  probe: ProbeName,
  isOk: boolean | null,
  detail = 'HTTP 503',
  ms = 0,
  isAwaited = true,
): void {
  const { live } = story.instance()
  const atMonoMs = live?.probes[probe]?.atMonoMs
  if (isAwaited && atMonoMs !== undefined) story.monoMs = atMonoMs
  story.wait(ms)
  story.take({ type: 'probed', run: live?.run ?? 0, probe, isOk, detail, durationMs: ms })
}

function instanceView(story: Story) {
  return view(story.state).processes[0]?.instances[0]
}

t.test(
  'in a shutdown liveness and startup rest at once, also of what has to wait for its stop',
  async (t) => {
    const story = new Story(
      processSpec('db', { replicas: 2, probes: { liveness: probeSpec() } }),
      processSpec('web', { dependsOn: [{ process: 'db', condition: 'started' }] }),
    )
    story.take({ type: 'begin' }, { type: 'spawned', run: 2, pid: 102 }).run(1).run(3).take(stop)
    t.same(words(story), ['liveness off', 'signal 3 15', 'kill 11000'])
    story.take({ type: 'executed', run: 2 })
    t.match(story.instance('db.2'), { phase: 'running', live: { probes: {} } })
    t.same(words(story), [])
  },
)

t.test('a try for a line waits from the first moment, and a line holds to the end', async (t) => {
  const probes = { readiness: probeSpec({ by: 'logLine', timeoutMs: 10_000 }) }
  const story = begin({ probes })
  t.same(words(story), ['readiness 1000'])
  t.match(instanceView(story), { isReady: false, reason: 'readiness: no line matched yet' })
  answer(story, 'readiness', false, 'no line matched', 10_000)
  t.match(instanceView(story), { reason: 'readiness: no line matched (1/3)' })
  t.same(words(story), ['readiness 11000'], 'the next one follows at once')
  answer(story, 'readiness', true, 'a line matched', 500)
  t.match(instanceView(story), { isReady: true, reason: null })
  t.same(words(story), [], 'there is no other')
  story.end(1, 1).run(2)
  t.match(instanceView(story), { isReady: false, reason: 'readiness: no line matched yet' })
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

t.test('an answer can say when the next try is worth while, later or sooner', async (t) => {
  const story = begin({ probes: { liveness: probeSpec() } })
  const result = { type: 'probed', run: 1, probe: 'liveness', detail: '', durationMs: 0 } as const
  story.take({ ...result, isOk: true, againAtMonoMs: 1500 })
  t.same(words(story), ['liveness 1500'])
  story.wait(600).take({ ...result, isOk: null, againAtMonoMs: 40_000 })
  t.same(words(story), ['liveness 40000'])
  story.take({ ...result, isOk: true, againAtMonoMs: 10 })
  t.same(words(story), ['liveness 1600'], 'never in the past')
})

/** The failures in a row that the last step has told of. */
function failuresTold({ changes }: Story): number | undefined {
  const [change] = changes
  return change?.type === 'probe' ? change.failures : undefined
}
