import t from 'tap'
import { answer, begin } from '../../rig/probing.ts'
import { probeSpec } from '../../rig/specs.ts'
import { shown, words } from '../../rig/story.ts'

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
        t.equal(shown(story)?.reason, `${name}: connection refused`, `${index}`)
        t.match(story.changes, [{ type: 'probe', failures: undefined }])
      }
      t.same(words(story), [`${name} 2000`], 'the first that counts, a period after the start')
      answer(story, name, false, 'HTTP 503')
      t.same(words(story), [`${name} 3000`], 'then one a period')
      t.equal(shown(story)?.reason, `${name}: HTTP 503 (1/2)`)
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
