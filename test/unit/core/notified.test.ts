import t from 'tap'
import type { Fact, Notice } from '../../../src/core/events.ts'
import type { ProbeName } from '../../../src/plan/instance-spec.ts'
import { type ProcessGiven, probeSpec, processSpec } from '../../rig/specs.ts'
import { Story, shown, words } from '../../rig/story.ts'

const stop: Fact = { type: 'shutdown', reason: 'test', code: 0 }

t.test('a startup probe by notify waits for READY=1', async (t) => {
  const story = begin(['startup'])
  t.same(words(story), ['notify 31000'], 'as long as three tries of ten seconds')
  t.match(shown(story), { phase: 'starting', reason: 'startup: no READY=1 yet' })
  say(story.wait(5000), { state: 'ready' })
  t.same(words(story), ['notify off'])
  t.match(story.changes, [{ phase: 'running', isReady: true }])
  t.match(shown(story), { isReady: true, reason: null })
})

t.test('READY=1 that comes early counts', async (t) => {
  const ready: Fact = { type: 'notified', run: 1, notice: { state: 'ready' } }
  const story = new Story(spec(['startup', 'readiness'])).take({ type: 'begin' })
  story.take({ type: 'spawned', run: 1, pid: 101 }, ready)
  t.match(shown(story), { phase: 'starting', reason: null })
  story.take({ type: 'executed', run: 1 })
  t.match(shown(story), { phase: 'running', isReady: true }, 'before its start was told')

  const other = new Story(spec(['startup'], { hooks: ['postStart'] })).take({ type: 'begin' })
  other.run(1).take(ready)
  t.match(shown(other), { reason: 'postStart: not done' })
  other.take({ type: 'answered', run: 1, hook: 'postStart', isOk: true, detail: '' })
  t.match(shown(other), { phase: 'running', isReady: true }, 'before its hook was done')
})

t.test('without READY=1 in time the start has failed, with the grace of the probe', async (t) => {
  const startup = notify({ periodMs: 1000, failureThreshold: 5, initialDelayMs: 500, graceMs: 70 })
  const story = begin(['startup'], { probes: { startup } }).wait(5500)
  story.take({ type: 'deadline', key: 'web.1/notify' })
  t.match(story.changes, [
    { cause: 'startup-failed', reason: 'startup: no READY=1 within 5 s', phase: 'stopping' },
  ])
  t.same(words(story), ['notify off', 'signal 1 15', `kill ${story.monoMs + 70}`])
})

t.test('EXTEND_TIMEOUT_USEC gives a start more time, and never less', async (t) => {
  const story = say(begin(['startup']).wait(20_000), { extendMs: 5000 })
  t.same(words(story), [])
  say(story, { extendMs: 15_000 })
  t.same(words(story), ['notify 36000'])
  story.wait(15_000).take({ type: 'deadline', key: 'web.1/notify' })
  t.match(story.changes, [{ reason: 'startup: no READY=1 within 35 s' }])

  const early = new Story(spec(['startup'])).take({ type: 'begin' })
  early.take({ type: 'spawned', run: 1, pid: 101 })
  say(early, { extendMs: 60_000 }).take({ type: 'executed', run: 1 })
  t.same(words(early), ['notify 61000'], 'also when it asks before its time begins')
})

t.test('readiness by notify is the last word of the run', async (t) => {
  const story = begin(['readiness'])
  t.same(words(story), [], 'which may take for ever')
  const table = [
    [null, false, 'readiness: no READY=1 yet'],
    ['ready', true, null],
    ['ready', true, null],
    ['reloading', false, 'readiness: RELOADING=1'],
    ['ready', true, null],
    ['stopping', false, 'readiness: STOPPING=1'],
  ] as const
  for (const [state, isReady, reason] of table) {
    const before = shown(story)?.isReady
    if (state !== null) say(story, { state })
    t.match(shown(story), { phase: 'running', isReady, reason })
    const isTold = state !== null && isReady !== before
    t.match(story.changes, isTold ? [{ type: 'notice', isReady }] : [{}].slice(1))
  }
  t.match(story.changes, [{ detail: 'STOPPING=1' }])
  t.equal(story.instance().wasReady, true)
})

t.test('a run that went unready by its word was stable for the time before', async (t) => {
  const story = say(begin(['readiness']), { state: 'ready' }).wait(10_000)
  say(story, { state: 'stopping' }).wait(1).end(1, 1)
  t.match(story.instance(), { failures: 1, phase: 'pending' })
})

t.test('what it says of itself counts for no other probe', async (t) => {
  const probes = { startup: probeSpec(), readiness: probeSpec(), liveness: probeSpec() }
  const story = begin([], { probes })
  say(story, { state: 'ready', watchdog: 'failed', watchdogMs: 5, extendMs: 5 })
  t.same(words(story), [])
  t.equal(story.instance().phase, 'starting')
  story.take({ type: 'probed', run: 1, probe: 'startup', isOk: true, detail: '', durationMs: 0 })
  say(story, { state: 'ready', watchdog: 'failed', watchdogMs: 5, extendMs: 5 })
  t.same(words(story), [])
  t.match(shown(story), { phase: 'running', isReady: false })
})

t.test('a watchdog expires when no sign of life comes for its time', async (t) => {
  const liveness = notify({ graceMs: 70 })
  const story = begin(['liveness'], { probes: { liveness } })
  t.match(shown(story), { phase: 'running', isReady: true })
  t.same(words(story), ['notify 31000'])
  say(story.wait(20_000), { watchdog: 'alive' })
  t.same(words(story), ['notify 51000'])
  story.wait(30_000).take({ type: 'deadline', key: 'web.1/notify' })
  t.match(story.changes, [
    { phase: 'stopping', cause: 'watchdog', reason: 'watchdog: no WATCHDOG=1 within 30 s' },
  ])
  t.same(words(story), ['notify off', 'signal 1 15', `kill ${story.monoMs + 70}`])
  story.take({ type: 'deadline', key: 'web.1/kill' }).end(1, 0, 9)
  t.match(story.instance(), { phase: 'pending', restarts: 1, last: { cause: 'watchdog' } })
})

t.test('the first sign of life may take as long as initialDelaySeconds more', async (t) => {
  const liveness = notify({ initialDelayMs: 60_000 })
  t.same(words(begin(['liveness'], { probes: { liveness } })), ['notify 91000'])
})

t.test('WATCHDOG=trigger ends the run at once', async (t) => {
  const story = say(begin(['liveness']), { watchdog: 'failed' })
  t.match(story.changes, [{ cause: 'watchdog', reason: 'watchdog: WATCHDOG=trigger' }])
})

t.test('WATCHDOG_USEC is another time from now on, and 0 is none', async (t) => {
  const story = say(begin(['liveness']).wait(1000), { watchdogMs: 5000 })
  t.same(words(story), ['notify 7000'])
  say(story.wait(1000), { watchdog: 'alive' })
  t.same(words(story), ['notify 8000'])
  t.same(words(say(story, { watchdogMs: 0 })), ['notify off'])
  t.same(words(say(story, { watchdog: 'alive' })), [])
  t.same(words(say(story, { watchdogMs: 100 })), [`notify ${story.monoMs + 100}`])

  const early = new Story(spec(['liveness'])).take({ type: 'begin' })
  early.take({ type: 'spawned', run: 1, pid: 101 })
  say(early, { watchdogMs: 0 }).take({ type: 'executed', run: 1 })
  t.same(words(early), [], 'also when it says so before it runs')
})

t.test('from the begin of a stop nobody has to speak', async (t) => {
  for (const name of ['startup', 'liveness'] as const) {
    const story = begin([name]).take(stop)
    t.ok(words(story).includes('notify off'), name)
    t.same(words(say(story, { watchdog: 'alive', state: 'ready' })), [])
    t.equal(story.instance().phase, 'stopping')
  }
  const waiting = new Story(
    spec(['liveness']),
    processSpec('api', { dependsOn: [{ process: 'web', condition: 'started' }] }),
  )
  waiting.take({ type: 'begin' }).run(1).run(2).take(stop)
  t.ok(words(waiting).includes('notify off'), 'also of a stop that waits for another')
  t.same(words(say(waiting, { watchdog: 'alive' })), [])
  t.same(words(say(waiting, { watchdog: 'failed' })), [])
  t.equal(waiting.instance('web.1').phase, 'running')
})

t.test('EXTEND_TIMEOUT_USEC gives a stop more time, and never less', async (t) => {
  const story = begin(['liveness']).take(stop)
  t.same(words(say(story, { extendMs: 9999 })), [])
  t.same(words(say(story.wait(9000), { extendMs: 5000 })), [`kill ${story.monoMs + 5000}`])
  story.take({ type: 'deadline', key: 'web.1/kill' })
  t.same(words(say(story, { extendMs: 5000 })), [], 'SIGKILL cannot be taken back')
})

t.test('no stop has more time than a shutdown has', async (t) => {
  const story = begin(['startup']).within({ drainMs: 0, graceMs: 30_000 })
  story.wait(30_000).take({ type: 'deadline', key: 'web.1/notify' })
  t.equal(story.instance().live?.cause, 'startup-failed')
  say(story, { extendMs: 1e9 })
  t.same(words(story), [`kill ${story.monoMs + 29_000}`], 'at once')

  const ending = begin([]).within({ drainMs: 0, graceMs: 20_000 }).take(stop)
  const began = ending.monoMs
  for (let count = 0; count < 100; count++) say(ending.wait(50), { extendMs: 1e9 })
  const { killAtMonoMs = 0 } = ending.instance().live ?? {}
  t.ok((killAtMonoMs ?? 0) <= began + 19_000, 'however often it asks')
  t.ok((killAtMonoMs ?? 0) > began + 10_000)
})

t.test(
  'a status is told when it is new, once a second at most and the last one for sure',
  async (t) => {
    const story = say(begin([]), { status: 'one' })
    t.match(story.changes, [{ type: 'notice', instance: 'web.1', run: 1, status: 'one' }])
    t.equal(shown(story)?.status, 'one')
    t.same(say(story, { status: 'one' }).changes, [])
    t.same(words(say(story.wait(100), { status: 'two' })), ['status 2000'])
    t.same([story.changes.length, shown(story)?.status], [0, 'two'])
    t.same(words(say(story.wait(100), { status: 'three' })), [], 'one deadline')
    story.wait(800).take({ type: 'deadline', key: 'web.1/status' })
    t.match(story.changes, [{ status: 'three' }])
    say(story, { status: 'four' })
    say(story, { status: 'three' })
    t.same(story.wait(1000).take({ type: 'deadline', key: 'web.1/status' }).changes, [])
    say(story.wait(1000), { status: '' })
    t.equal(shown(story)?.status, null)
    say(story, { status: 'three' })
    t.same(story.changes, [], 'it was told last')
  },
)

t.test('the last status of a run does not wait', async (t) => {
  const story = say(begin([]), { status: 'one' })
  say(story, { status: 'the reason' }).take({
    ...{ type: 'exited', run: 1, status: { code: 1, signal: 0 } },
  })
  t.match(story.changes, [{ status: 'the reason' }, { phase: 'stopping' }])
  t.ok(words(story).includes('status off'))
  story.take({ type: 'emptied', run: 1 }, { type: 'spawned', run: 2, pid: 102 })
  t.equal(shown(story)?.status, null, 'and is not that of the next')
})

t.test('what comes of another run, or after the end, is nothing', async (t) => {
  const story = begin(['readiness'])
  story.take({ type: 'notified', run: 2, notice: { state: 'ready' } })
  t.match(shown(story), { isReady: false })
  story.take({ type: 'exited', run: 1, status: { code: 1, signal: 0 } })
  t.same(words(say(story, { status: 'late', extendMs: 60_000 })), [])
  t.same(story.changes, [])
})

/** A run that executes; these probes are by notify. */
function begin(names: readonly ProbeName[], given: ProcessGiven = {}): Story {
  return new Story(spec(names, given)).take({ type: 'begin' }).run(1)
}

function spec(names: readonly ProbeName[], given: ProcessGiven = {}) {
  const probes = Object.fromEntries(names.map((name) => [name, notify()]))
  return processSpec('web', { probes, ...given })
}

function notify(given: Parameters<typeof probeSpec>[0] = {}) {
  return probeSpec({ by: 'notify', ...given })
}

function say(story: Story, notice: Notice): Story {
  return story.take({ type: 'notified', run: 1, notice })
}
