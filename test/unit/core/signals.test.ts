import t from 'tap'
import type { Fact } from '../../../src/core/events.ts'
import type { SignalAction } from '../../../src/plan/plan.ts'
import { processSpec } from '../../rig/specs.ts'
import { Story, words } from '../../rig/story.ts'

const HUP: Fact = { type: 'signalled', signal: 1 }
const read = (problem: string): Fact => ({ type: 'configRead', reading: { problem } })

t.test('a signal does what its rule says', async (t) => {
  const table: readonly (readonly [SignalAction, string[]])[] = [
    ['shutdown', ['signal 1 15', 'kill 11000']],
    ['reload', ['readConfig']],
    ['reopen-logs', ['reopenLogs']],
    ['forward', ['offer 1 12']],
    ['forward-always', ['signal 1 12']],
    ['ignore', []],
  ]
  for (const [action, expected] of table) {
    const story = ruled(10, action, 12)
    t.same(words(story.take({ type: 'signalled', signal: 10 })), expected, action)
  }
})

t.test('a rewritten signal counts as what it is rewritten to', async (t) => {
  const story = ruled(10, 'shutdown', 2)
  const signalled: Fact = { type: 'signalled', signal: 10 }
  story.take(signalled)
  t.match(story.state.ending, { reason: 'SIGINT', isInterrupted: true })
  t.same(words(story.take(signalled)), ['kill off', 'signal 1 9'])
})

t.test('only what runs gets forwarded signals', async (t) => {
  const story = new Story(
    ...['queued', 'starting', 'running', 'ended', 'waiting'].map((one) => processSpec(one)),
  )
  story.take({ type: 'begin' }, { type: 'spawned', run: 2, pid: 102 }).run(3).run(4)
  story.take({ type: 'exited', run: 4, status: { code: 1, signal: 0 } })
  story.take({ type: 'spawnFailed', run: 5, errno: 'EMFILE', step: 'pipe' })
  t.same(words(story.take({ type: 'signalled', signal: 10 })), ['offer 3 10'])
})

t.test('reloads that come while the files are read lead to one more reading', async (t) => {
  const story = new Story(processSpec('web')).take({ type: 'begin' }).run(1)
  t.same(words(story.take(HUP)), ['readConfig'])
  t.same(words(story.take(HUP, HUP, HUP)), [])
  t.same(words(story.take(read('one'))), ['readConfig'])
  t.match(story.changes, [{ type: 'config', problem: 'one' }])
  t.same(words(story.take(read('two'))), [])
  t.same(words(story.take(HUP)), ['readConfig'])
})

t.test('an answer that nobody asked for is dropped, and a shutdown reads nothing', async (t) => {
  const story = new Story(processSpec('web')).take({ type: 'begin' }).run(1)
  t.same(story.take(read('none')).changes, [])
  story.take({ type: 'signalled', signal: 15 })
  t.same(words(story.take(HUP)), [])
})

function ruled(signal: number, action: SignalAction, meant: number): Story {
  const story = new Story(processSpec('web'))
  story.state = { ...story.state, signals: { [signal]: { action, signal: meant } } }
  return story.take({ type: 'begin' }).run(1)
}
