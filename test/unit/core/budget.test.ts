import t from 'tap'
import type { Fact } from '../../../src/core/events.ts'
import { view } from '../../../src/core/view.ts'
import { type ProcessGiven, processSpec } from '../../rig/specs.ts'
import { inWords, Story } from '../../rig/story.ts'

const TERM: Fact = { type: 'signalled', signal: 15 }
const INT: Fact = { type: 'signalled', signal: 2 }
const drainOver: Fact = { type: 'deadline', key: 'drain' }
const budgetOver: Fact = { type: 'deadline', key: 'budget' }

t.test('a grace that fits into the budget is given whole', async (t) => {
  const story = ready({ graceMs: 8000 }, { drainMs: 0, graceMs: 10_000 }).take(TERM)
  t.same(words(story), ['budget 11000', 'signal 1 15', 'kill 9000'])
})

t.test('one that does not gets its share, before the sweep and the reserve', async (t) => {
  // 9 s of 10 are to be used, by a chain of 17 + 1.
  const story = ready({ graceMs: 17_000 }, { drainMs: 0, graceMs: 10_000 }).take(TERM)
  t.same(words(story), ['budget 11000', 'signal 1 15', 'kill 9500'])
  story.wait(8500).take({ type: 'deadline', key: 'web.1/kill' }).end(1, 0, 9)
  t.same(words(story), ['kill off', 'sweep 10000', 'sweep 15'], 'half a second for the sweep')
})

t.test('no step is ever 0', async (t) => {
  const story = ready({ graceMs: 60_000 }, { drainMs: 0, graceMs: 0 }).take(TERM)
  const [, signal, kill] = story.effects
  t.match(signal, { type: 'stop', signal: 15 })
  t.match(kill, { type: 'wake', key: 'web.1/kill' })
  t.ok(kill?.type === 'wake' && kill.atMonoMs !== null && kill.atMonoMs > story.monoMs)
})

t.test('a drain comes first: not ready, and everything runs on', async (t) => {
  const story = ready({ graceMs: 2000 }, { drainMs: 3000, graceMs: 10_000 }).take(TERM)
  t.same(words(story), ['budget 11000', 'drain 4000'])
  t.equal(story.state.phase, 'draining')
  story.wait(1000).end(1, 1)
  t.equal(story.instance().phase, 'pending', 'also restarts')
  story.run(2).wait(2000).take(drainOver)
  t.same(words(story), ['drain off', 'signal 2 15', 'kill 6000'])
})

t.test('a drain has its share of a short budget', async (t) => {
  // 9 s for a chain of 12 + 5 + 1.
  const story = ready({ graceMs: 5000 }, { drainMs: 12_000, graceMs: 10_000 }).take(TERM)
  t.same(words(story), ['budget 11000', 'drain 7000'])
  story.wait(6000).take(drainOver)
  t.same(words(story), ['drain off', 'signal 1 15', 'kill 9500'], '3 s left for 5 + 1')
})

t.test('a failure does not wait for the drain, nor does a second INT', async (t) => {
  const shutdown = { drainMs: 3000, graceMs: 20_000 }
  const failing = ready({ restartPolicy: 'Never' }, shutdown)
  t.equal(failing.end(1, 3).state.phase, 'sweeping')
  const later = ready({ restartPolicy: 'Never' }, shutdown).take(TERM)
  t.equal(later.end(1, 3).state.phase, 'sweeping', 'one that comes while it lasts')
  t.match(later.state.ending, { code: 0 }, 'what begins the shutdown fixes the code')
  const story = ready({}, shutdown).take(INT, INT)
  t.same(words(story), ['drain off', 'signal 1 15', 'kill 11000', 'kill off', 'signal 1 9'])
})

t.test('nothing is drained when nothing is left to serve', async (t) => {
  const shutdown = { drainMs: 3000, graceMs: 20_000 }
  const story = ready({ restartPolicy: 'OnFailure' }, shutdown).end(1)
  t.equal(story.state.phase, 'sweeping')
  const later = ready({ restartPolicy: 'OnFailure' }, shutdown).take(TERM)
  t.equal(later.end(1).state.phase, 'sweeping')
})

t.test('an end that takes long is cut short by a shutdown, never made longer', async (t) => {
  const story = ready({ graceMs: 60_000 }, { drainMs: 0, graceMs: 10_000 })
  story.take({ type: 'exited', run: 1, status: { code: 1, signal: 0 } })
  t.same(words(story), ['endTree 1 15', 'kill 61000'])
  story.wait(1000).take(TERM)
  t.same(words(story).slice(1), [`kill ${2000 + 60_000 * (9 / 61)}`])
  const soon = ready({ graceMs: 1000 }, { drainMs: 0, graceMs: 100_000 })
  soon
    .take({ type: 'exited', run: 1, status: { code: 1, signal: 0 } })
    .wait(500)
    .take(TERM)
  t.same(words(soon), ['budget 101500'])
})

t.test('at the end of the budget SIGKILL goes to all, and a second later we exit', async (t) => {
  const story = ready({}, { drainMs: 0, graceMs: 10_000 }).take(TERM).wait(10_000).take(budgetOver)
  t.same(words(story), ['budget 12000', 'kill off', 'signal 1 9'])
  t.match(story.state.ending, { isOverdue: true, isForced: true })
  t.equal(view(story.state).isOverdue, true)
  story.wait(1000).take(budgetOver)
  t.same(words(story), ['sweep off', 'budget off', 'exit 0'])
})

t.test('a queued start that turns up late in a shutdown gets what is left', async (t) => {
  const story = new Story(processSpec('web', { graceMs: 8000 }))
  story.within({ drainMs: 0, graceMs: 10_000 }).take({ type: 'begin' }, TERM)
  story.wait(6300).take({ type: 'spawned', run: 1, pid: 101 })
  t.same(words(story), ['signal 1 15', `kill ${7300 + 8000 * (2700 / 9000)}`])
})

function ready(given: ProcessGiven, shutdown: { drainMs: number; graceMs: number }): Story {
  return new Story(processSpec('web', given)).within(shutdown).take({ type: 'begin' }).run(1)
}

function words(story: Story): string[] {
  return story.effects.map(inWords)
}
