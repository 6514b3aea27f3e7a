import t from 'tap'
import type { Fact } from '../../../src/core/events.ts'
import { type ProcessGiven, processSpec } from '../../rig/specs.ts'
import { Story, words } from '../../rig/story.ts'

const TERM: Fact = { type: 'signalled', signal: 15 }
const INT: Fact = { type: 'signalled', signal: 2 }
const exit = (run: number): Fact => ({ type: 'exited', run, status: { code: 0, signal: 15 } })

const on = (...names: readonly string[]) => ({
  dependsOn: names.map((process) => ({ process, condition: 'ready' as const })),
})

/** db is run 1, api run 2, web run 3: each depends on those before it. */
function chain(web: ProcessGiven = {}): Story {
  return new Story(
    processSpec('web', { ...on('api'), ...web }),
    processSpec('api', on('db')),
    processSpec('db'),
  )
    .within({ drainMs: 0, graceMs: 100_000 })
    .take({ type: 'begin' })
    .run(1)
    .run(2)
    .run(3)
}

t.test('a process is stopped when nothing lives any more of what depends on it', async (t) => {
  const story = chain().take(TERM)
  t.same(words(story), ['signal 3 15', 'kill 11000'])
  t.same(words(story.take(exit(3))), ['endTree 3 15'], 'what it left is part of it')
  t.same(words(story.take({ type: 'emptied', run: 3 })), ['kill off', 'signal 2 15', 'kill 11000'])
  t.same(words(story.end(2)), ['kill off', 'signal 1 15', 'kill 11000'])
  t.equal(story.state.phase, 'stopping')
  t.equal(story.end(1).state.phase, 'sweeping')
})

t.test('who ended long ago does not hold up what others wait for, but passes it on', async (t) => {
  const story = new Story(
    processSpec('web', { dependsOn: [{ process: 'migrate', condition: 'succeeded' }] }),
    processSpec('migrate', { ...on('db'), restartPolicy: 'Never' }),
    processSpec('db'),
  ).take({ type: 'begin' })
  story.run(1).run(2).end(2).run(3).take(TERM)
  t.same(words(story), ['signal 3 15', 'kill 11000'], 'web, and db after it')
  t.same(words(story.end(3, 0, 15)), ['kill off', 'signal 1 15', 'kill 11000'])
})

t.test('what has no process is stopped at once, wherever it stands', async (t) => {
  const story = chain().end(1, 1).end(2, 1).take(TERM)
  t.same(words(story), ['start off', 'cancelSpawn 4', 'signal 3 15', 'kill 11000'])
  t.equal(story.instance('api.1').phase, 'stopped')
})

t.test('an end before its turn is no reason to start again', async (t) => {
  const story = chain().take(TERM).end(1, 1)
  t.match(story.instance('db.1'), { phase: 'stopped', last: { cause: 'error' } })
  t.match(story.end(3).end(2).state, { phase: 'sweeping' })
})

t.test('who does not end after SIGKILL holds up the others for a second', async (t) => {
  const story = chain({ graceMs: 500 }).take(TERM).wait(500)
  t.same(words(story.take({ type: 'deadline', key: 'web.1/kill' })), [
    ...['kill off', 'signal 3 9', 'turn 2500'],
  ])
  t.same(words(story.wait(1000).take({ type: 'deadline', key: 'turn' })), [
    ...['signal 2 15', 'kill 12500'],
  ])
  t.same(words(story.end(2)), ['kill off', 'signal 1 15', 'kill 12500'])
  t.equal(story.end(1).state.phase, 'stopping', 'the end waits for it, or for that of the budget')
  t.equal(story.end(3, 0, 9).state.phase, 'sweeping')
})

t.test('who ends after SIGKILL is waited for no longer', async (t) => {
  const story = chain({ graceMs: 500 }).take(TERM).wait(500)
  story.take({ type: 'deadline', key: 'web.1/kill' }).end(3, 0, 9)
  t.same(words(story), ['kill off', 'signal 2 15', 'kill 11500', 'turn off'])
})

t.test('a second INT ends all at once, with the stop signal before SIGKILL', async (t) => {
  const story = chain().take(INT, INT)
  t.same(words(story), [
    ...['signal 2 15', 'kill 11000', 'signal 1 15', 'kill 11000'],
    ...['kill off', 'signal 3 9', 'kill off', 'signal 2 9', 'kill off', 'signal 1 9'],
  ])
})

t.test('each step has its share of the longest chain that is still to come', async (t) => {
  const story = chain({ graceMs: 20_000 }).within({ drainMs: 0, graceMs: 10_000 }).take(TERM)
  // 9 s for 20 + 10 + 10 + 1.
  t.equal(deadline(story), Math.round(1000 + (20_000 * 9) / 41))
  t.equal(
    deadline(story.wait(1000).end(3)),
    Math.round(2000 + (10_000 * 8) / 21),
    'what is not used is left',
  )
  t.equal(deadline(story.wait(2000).end(2)), Math.round(4000 + (10_000 * 6) / 11))
})

t.test('what has ended takes no time of it, and what is ending only what is left', async (t) => {
  const short = { drainMs: 0, graceMs: 10_000 }
  const ended = new Story(
    processSpec('web', on('migrate')),
    processSpec('migrate', { ...on('db'), restartPolicy: 'Never' }),
    processSpec('db'),
  ).within(short)
  ended.take({ type: 'begin' }).run(1).run(2).end(2).run(3).take(TERM)
  t.equal(deadline(ended), Math.round(1000 + (10_000 * 9) / 21), 'web and db')
  const ending = chain().take(exit(1)).wait(8000).within(short).take(TERM)
  t.equal(
    deadline(ending, 'web.1'),
    Math.round(9000 + (10_000 * 9) / 23),
    'web, api, and 2 s of db',
  )
})

t.test('a drain has its share of the chain that follows it', async (t) => {
  const story = chain().within({ drainMs: 20_000, graceMs: 10_000 }).take(TERM)
  // 9 s for 20 + 30 + 1.
  t.same(words(story), [`drain ${1000 + (20_000 * 9) / 51}`])
})

/** When the instance, or the one that was told last, is killed; rounded. */
function deadline({ effects }: Story, instance = ''): number {
  const wakes = effects.flatMap((effect) =>
    effect.type === 'wake' && effect.key.startsWith(instance) && effect.key.endsWith('/kill')
      ? (effect.atMonoMs ?? [])
      : [],
  )
  return Math.round(wakes.at(-1) ?? Number.NaN)
}
