import t from 'tap'
import type { Fact } from '../../../src/core/events.ts'
import type { KillMode } from '../../../src/plan/process-spec.ts'
import { processSpec } from '../../rig/specs.ts'
import { Story, words } from '../../rig/story.ts'

const stop: Fact = { type: 'shutdown', reason: 'test', code: 0 }
const exited: Fact = { type: 'exited', run: 1, status: { code: 0, signal: 15 } }
const graceOver: Fact = { type: 'deadline', key: 'web.1/kill' }

/** What a stop, the end of the main process, and the end of the grace lead to. */
const table: readonly (readonly [KillMode, string[], string[], string[]])[] = [
  ['staged', ['signal 1 15', 'kill 11000'], ['endTree 1 15'], ['kill off', 'endTree 1 9']],
  ['mixed', ['signal 1 15', 'kill 11000'], ['endTree 1 9'], ['kill off', 'endTree 1 9']],
  [
    'group',
    ['signal 1 15 group', 'kill 11000'],
    ['endTree 1 15 sparing'],
    ['kill off', 'endTree 1 9'],
  ],
]

t.test('who gets the stop signal, and what its main process left', async (t) => {
  for (const [killMode, stopped, ended, over] of table) {
    const story = running(killMode)
    t.same(words(story.take(stop)), stopped, killMode)
    t.same(words(story.take(exited)), ended, killMode)
    t.same(words(story.take(graceOver)), over, killMode)
  }
})

t.test('the end of the grace kills the main process, then what it left', async (t) => {
  for (const killMode of ['staged', 'mixed', 'group'] as const) {
    const story = running(killMode).take(stop)
    t.same(words(story.take(graceOver)), ['kill off', 'signal 1 9'], killMode)
    t.same(words(story.take(exited)), ['endTree 1 9'], killMode)
  }
})

t.test('what a main process left that ended by itself is ended as well', async (t) => {
  const expected = { staged: 'endTree 1 15', mixed: 'endTree 1 9', group: 'endTree 1 15' }
  for (const killMode of ['staged', 'mixed', 'group'] as const) {
    const story = running(killMode).take(exited)
    t.same(words(story), [expected[killMode], 'kill 11000'], killMode)
  }
})

t.test('process: what is left is left, and holds up neither a restart nor a stop', async (t) => {
  const story = running('process').take(exited)
  t.same(words(story), ['abandon 1', 'kill off', 'spawn 2'])
  t.same(phases(story), ['stopping', 'pending'])
  story.run(2).take(stop)
  t.same(words(story), ['signal 2 15', 'kill 11000'])
  t.same(words(story.take({ ...exited, run: 2 })), [
    ...['abandon 2', 'kill off'],
    ...['sweep 2000', 'sweep 15'],
  ])
  t.same(words(story.take({ type: 'swept' })), [], 'both outputs are open')
  story.take({ type: 'outputEnded', run: 1 }, { type: 'outputEnded', run: 2 })
  t.same(words(story), ['sweep off', 'exit 0'])
})

function running(killMode: KillMode): Story {
  return new Story(processSpec('web', { killMode })).take({ type: 'begin' }).run(1)
}

/** Those of the last event. */
function phases({ changes }: Story): string[] {
  return changes.flatMap((change) => (change.type === 'instance' ? [change.phase] : []))
}
