import t from 'tap'
import type { HookName } from '../../../src/plan/instance-spec.ts'
import type { ProcessSpec } from '../../../src/plan/process-spec.ts'
import { type ProcessGiven, probeSpec, processSpec } from '../../rig/specs.ts'
import { Story, shown, words } from '../../rig/story.ts'

const stop = { type: 'signalled', signal: 15 } as const
const interrupt = { type: 'signalled', signal: 2 } as const
const ended = { type: 'exited', run: 1, status: { code: 0, signal: 0 } } as const

t.test('until postStart is done the run is starting, and its probes wait', async (t) => {
  const hooks: readonly HookName[] = ['postStart']
  const story = begin({ hooks, probes: { startup: probeSpec(), liveness: probeSpec() } })
  t.same(words(story), ['ask 1 postStart'])
  t.match(shown(story), { phase: 'starting', reason: 'postStart: not done', isStarted: false })
  answer(story.wait(5000), 'postStart')
  t.same(words(story), ['startup 6000'])
  t.match(story.changes, [{ type: 'hook', hook: 'postStart', isOk: true }])
  t.match(shown(story), { phase: 'starting', reason: 'startup: no result yet' })

  const other = begin({ hooks, probes: { liveness: probeSpec() } })
  answer(other, 'postStart')
  t.same(words(other), ['liveness 1000'])
  t.match(shown(other), { phase: 'running', isReady: true })
})

t.test('a postStart that fails ends the run, which is restarted by the rules', async (t) => {
  const story = begin({ hooks: ['postStart', 'preStop'], graceMs: 5000 })
  answer(story, 'postStart', false)
  t.match(story.changes, [
    { type: 'hook', isOk: false, detail: 'exit code 1' },
    { phase: 'stopping', cause: 'startup-failed', reason: 'postStart: exit code 1' },
  ])
  t.same(words(story), ['hook 5500', 'kill 6000', 'ask 1 preStop'], 'preStop as at any stop')
  answer(story, 'preStop')
  t.same(words(story), ['hook off', 'signal 1 15'])
  story.end(1)
  t.match(story.instance(), { restarts: 1, failures: 1, last: { cause: 'startup-failed' } })

  const last = begin({ hooks: ['postStart'], restartPolicy: 'Never' })
  const failed = { isOk: false, detail: 'exit code 1', output: 'why' }
  last.take({ type: 'answered', run: 1, hook: 'postStart', ...failed })
  t.match(last.changes, [{ type: 'hook', output: 'why' }, {}])
  t.equal(last.end(1).state.ending?.code, 69, 'its code says nothing about it')
})

t.test(
  'postStart has no time limit, and is given up when the run ends or is stopped',
  async (t) => {
    const story = begin({ hooks: ['postStart'] })
    t.same(words(story), ['ask 1 postStart'], 'no deadline')
    story.take(ended)
    t.match(words(story), ['dismiss 1 postStart', 'endTree 1 15'])
    answer(story, 'postStart')
    t.same(words(story), [], 'an answer that comes late is dropped')

    const stopped = begin({ hooks: ['postStart', 'preStop'] }).take(stop)
    t.match(words(stopped), ['dismiss 1 postStart', /hook/, /kill/, 'ask 1 preStop'])

    const killed = begin({ hooks: ['postStart'] }).take({ type: 'broken', instance: 'web.1' })
    t.match(words(killed), ['dismiss 1 postStart', 'signal 1 15', /kill/])
  },
)

t.test('the stop signal follows preStop, whatever that says', async (t) => {
  for (const isOk of [true, false]) {
    const story = begin({ hooks: ['preStop'], stopSignal: 3, killMode: 'group' }).take(stop)
    t.same(words(story), ['hook 10000', 'kill 11000', 'ask 1 preStop'])
    t.match(shown(story), { phase: 'stopping', reason: 'preStop: not done' })
    t.match(shown(story), { phase: 'stopping', isReady: false })
    answer(story.wait(3000), 'preStop', isOk)
    t.same(words(story), ['hook off', 'signal 1 3 group'])
    t.match(story.changes, [{ type: 'hook', hook: 'preStop', isOk }])
    t.match(shown(story), { phase: 'stopping', reason: null })
    answer(story, 'preStop')
    t.same(words(story), [], 'once')
    t.match(story.end(1).instance(), { phase: 'stopped', last: { cause: 'stop-requested' } })
  }
})

t.test('preStop counts inside the grace, of which a tenth is the stop signal’s', async (t) => {
  const story = begin({ hooks: ['preStop'], graceMs: 2000 })
    .take(stop)
    .wait(1800)
  story.take({ type: 'deadline', key: 'web.1/hook' })
  t.same(words(story), ['dismiss 1 preStop', 'hook off', 'signal 1 15'])
  t.match(story.changes, [{ type: 'hook', isOk: false, detail: 'not done in time' }])
  story.wait(200).take({ type: 'deadline', key: 'web.1/kill' })
  t.same(words(story), ['kill off', 'signal 1 9'])
  t.match(story.end(1, 0, 9).instance().last, { cause: 'grace-exceeded' })

  const late = begin({ hooks: ['preStop'] })
    .take(stop)
    .wait(20_000)
  late.take({ type: 'deadline', key: 'web.1/kill' })
  t.same(
    words(late),
    ['dismiss 1 preStop', 'hook off', 'signal 1 15', 'kill off', 'signal 1 9'],
    'the stop signal comes first, also when the event loop was held up',
  )
  late.take({ type: 'deadline', key: 'web.1/hook' })
  t.same(words(late), [])
})

t.test('a liveness probe that fails runs preStop too, within its own grace', async (t) => {
  const liveness = probeSpec({ failureThreshold: 1, graceMs: 700 })
  const fail = {
    type: 'probed',
    probe: 'liveness',
    isOk: false,
    detail: '',
    durationMs: 0,
  } as const
  const story = begin({ hooks: ['preStop'], probes: { liveness } }).take({ ...fail, run: 1 })
  t.same(words(story), ['hook 1630', 'kill 1700', 'ask 1 preStop'])

  const hasty = { liveness: probeSpec({ failureThreshold: 1, graceMs: 0 }) }
  const other = begin({ hooks: ['preStop'], probes: hasty }).take({ ...fail, run: 1 })
  t.same(words(other), ['signal 1 15', 'kill 1000'], 'without a grace there is no time for it')
})

t.test('what has ended, or has not begun, has no preStop', async (t) => {
  const story = begin({ hooks: ['preStop'] }).take(ended)
  t.same(words(story), ['endTree 1 15', 'kill 11000'])

  const during = begin({ hooks: ['preStop'], killMode: 'group' }).take(stop, ended)
  t.same(
    words(during),
    ['dismiss 1 preStop', 'hook off', 'endTree 1 15'],
    'its group has had no stop signal',
  )
  t.equal(during.instance().live?.cause, 'stop-requested')

  const unborn = new Story(processSpec('web', { hooks: ['preStop'] }))
  unborn.take({ type: 'begin' }, { type: 'spawned', run: 1, pid: 101 }, stop)
  t.same(words(unborn), ['signal 1 15', 'kill 11000'])
})

t.test('a second INT waits for no preStop, and begins none', async (t) => {
  const story = begin({ hooks: ['preStop'] }).take(interrupt, interrupt)
  t.same(words(story), ['dismiss 1 preStop', 'hook off', 'signal 1 15', 'kill off', 'signal 1 9'])

  const draining = begin({ hooks: ['preStop'] }).within({ drainMs: 5000, graceMs: 60_000 })
  draining.take(interrupt, interrupt)
  t.same(words(draining), ['drain off', ...['signal 1 15', 'kill 11000', 'kill off', 'signal 1 9']])
})

t.test('a shutdown cuts a preStop that has begun, with its grace', async (t) => {
  const liveness = probeSpec({ failureThreshold: 1 })
  const fail = { isOk: false, detail: '', durationMs: 0 }
  const story = begin({ hooks: ['preStop'], probes: { liveness } }).within({
    ...{ drainMs: 0, graceMs: 4000 },
  })
  story.take({ type: 'probed', run: 1, probe: 'liveness', ...fail })
  t.same(words(story), ['hook 10000', 'kill 11000', 'ask 1 preStop'])
  story.take(stop)
  const [, hook, kill] = /^hook (\d+)[^,]*,kill (\d+)/.exec(words(story).join()) ?? []
  t.ok(Number(hook) < Number(kill) && Number(kill) < 5000, `${words(story)}`)
})

t.test('what has to wait for its stop begins no postStart, and ends none', async (t) => {
  const db = processSpec('db', { replicas: 2, hooks: ['postStart'] })
  const web = processSpec('web', { dependsOn: [{ process: 'db', condition: 'started' }] })
  const story = new Story(db, web).take({ type: 'begin' })
  story.run(1).take({ type: 'answered', run: 1, hook: 'postStart', isOk: true, detail: '' })
  story.run(3).take({ type: 'spawned', run: 2, pid: 102 }, stop, { type: 'executed', run: 2 })
  t.same(words(story), [])
  t.equal(story.instance('db.2').phase, 'starting')

  const other = new Story(db, web).take({ type: 'begin' })
  other.run(1).take({ type: 'answered', run: 1, hook: 'postStart', isOk: true, detail: '' })
  other.run(3).run(2).take(stop)
  t.same(words(other), ['dismiss 2 postStart', 'signal 3 15', 'kill 11000'])
})

/** A run whose command is executed. */
function begin(given: ProcessGiven): Story {
  const spec: ProcessSpec = processSpec('web', given)
  return new Story(spec).take({ type: 'begin' }).run(1)
}

function answer(story: Story, hook: HookName, isOk = true): void {
  story.take({ type: 'answered', run: 1, hook, isOk, detail: isOk ? 'slept' : 'exit code 1' })
}
