import t from 'tap'
import type { Fact } from '../../../src/core/events.ts'
import type { Past } from '../../../src/core/state.ts'
import { view } from '../../../src/core/view.ts'
import type { ProcessSpec } from '../../../src/plan/process-spec.ts'
import { type ProcessGiven, planOf, processSpec } from '../../rig/specs.ts'
import { Story, startWallMs } from '../../rig/story.ts'

/** Another grace is another revision, and takes no new runs. */
const web = (graceMs: number, given: ProcessGiven = {}) => processSpec('web', { ...given, graceMs })
const apply = (by: string, ...processes: readonly ProcessSpec[]) =>
  ({ type: 'apply', plan: planOf(...processes), by }) as const
const due = { type: 'deadline', key: 'web/rollout' } as const

const keptBy = ({ effects }: Story): readonly Past[][] =>
  effects.flatMap((one) =>
    one.type === 'keepRevisions' ? [JSON.parse(JSON.stringify(one.past))] : [],
  )
const courseOf = ({ state }: Story) => state.courses[0]
const revisionsOf = (story: Story) =>
  courseOf(story)?.revisions.map(({ number, spec, by }) => `${number} ${spec.graceMs} ${by}`)

/** What is kept of a start with one spec of web, and of two more that were applied a second and two later. */
function earlier(): readonly Past[] {
  const story = new Story(web(1)).keeping().take({ type: 'begin' }).run(1)
  story.wait(1000).take(apply('ann', web(2)))
  story.wait(1000).take(apply('bob', web(3)))
  return keptBy(story).at(-1) ?? []
}

t.test('whatever changes revisions has them kept, and nothing else has', async (t) => {
  const story = new Story(web(1), processSpec('db')).keeping()
  const counts = (...events: readonly Fact[]) => keptBy(story.take(...events)).length
  t.equal(counts({ type: 'begin' }), 1, 'they have a time now')
  t.equal(counts({ type: 'spawned', run: 1, pid: 1 }, { type: 'executed', run: 1 }), 0)
  t.equal(counts({ type: 'scale', process: 'web', replicas: 2 }), 0)
  t.equal(counts(apply('test', web(1, { replicas: 3 }), processSpec('db'))), 0)
  t.equal(counts(apply('test', web(2), processSpec('db'))), 1)
  t.match(keptBy(story), [[{ process: 'web', nextRevision: 3 }, { process: 'db' }]])
  t.equal(counts({ type: 'stop', instances: ['db.1'], by: 'test' }), 0)
  t.equal(counts(apply('test', web(2), processSpec('new'), processSpec('db'))), 1, 'one came')
  const run = story.instance('new.1').live?.run ?? 0
  t.equal(counts(apply('test', web(2), processSpec('db'))), 0, 'it is not gone yet')
  t.equal(counts({ type: 'spawnFailed', run, errno: 'ECANCELED', step: 'spawn' }), 1, 'now it is')
  t.same(
    keptBy(story)[0]?.map(({ process }) => process),
    ['web', 'db'],
  )
  const undo = { type: 'rollout', process: 'web', by: 'x', action: 'undo', toRevision: 1 } as const
  t.equal(counts(undo), 1)
})

t.test('a rollout that does well, or not, is known to the next start', async (t) => {
  const other = { ...web(1), isOnDemand: false, stopSignal: 2 }
  const fresh = { ...other, template: { ...other.template, env: { A: 'b' } } }
  const story = new Story(web(1)).keeping().take({ type: 'begin' }).run(1).take(apply('x', fresh))
  t.match(keptBy(story), [[{ revisions: [{ isGood: true }, { isGood: false }] }]])
  story.end(1).run(2).wait(1000).take(due)
  t.match(keptBy(story), [[{ revisions: [{ isGood: true }, { isGood: true }] }]])
})

t.test('where nobody keeps them nothing is said of it', async (t) => {
  const story = new Story(web(1)).take({ type: 'begin' }, apply('x', web(2)))
  t.same(
    story.allEffects.filter(({ type }) => type === 'keepRevisions'),
    [],
  )
})

t.test('a start as it was last wanted is that revision, with its time and author', async (t) => {
  const story = new Story(web(3, { replicas: 4 })).keeping(earlier()).wait(60_000)
  story.take({ type: 'begin' })
  t.same(revisionsOf(story), ['1 1 start', '2 2 ann', '3 3 bob'])
  t.match(courseOf(story), { revision: 3, nextRevision: 4, rollout: null })
  t.same(
    courseOf(story)?.revisions.map(({ atWallMs }) => atWallMs - startWallMs),
    [0, 1000, 2000],
  )
  t.same(
    story.state.instances.map(({ revision }) => revision),
    [3, 3, 3, 3],
  )
  t.match(courseOf(story)?.revisions.at(-1)?.spec, { replicas: 4 }, 'with the replicas of now')
})

t.test('a start as it was wanted before takes that number again', async (t) => {
  const story = new Story(web(1)).keeping(earlier()).wait(60_000).take({ type: 'begin' })
  t.same(revisionsOf(story), ['2 2 ann', '3 3 bob', '1 1 start'])
  t.match(courseOf(story), { revision: 1, nextRevision: 4 })
  t.match(courseOf(story)?.revisions.at(-1), {
    ...{ atWallMs: startWallMs + 60_000, isGood: true },
    changes: ['terminationGracePeriodSeconds'],
  })
})

t.test('a start with something else takes the next number', async (t) => {
  const story = new Story(web(9)).keeping(earlier()).take({ type: 'begin' })
  t.same(revisionsOf(story), ['1 1 start', '2 2 ann', '3 3 bob', '4 9 start'])
  t.match(courseOf(story), { revision: 4, nextRevision: 5 })
  t.match(story.state.instances, [{ revision: 4 }])
  t.match(view(story.state).processes, [{ revision: 4 }])
})

t.test('an undo goes back to what an earlier start had', async (t) => {
  const story = new Story(web(9)).keeping(earlier()).take({ type: 'begin' }).run(1)
  const undo = { type: 'rollout', process: 'web', by: 'x', action: 'undo' } as const
  story.take({ ...undo, toRevision: 2 })
  t.equal(story.state.processes[0]?.graceMs, 2)
  t.match(courseOf(story), { revision: 2, nextRevision: 5 })
  story.take({ ...undo, toRevision: null })
  t.equal(story.state.processes[0]?.graceMs, 9, 'and then to what was before that')
})

t.test('what is left out leaves a gap, and its numbers are not given again', async (t) => {
  const past = earlier().map((one) => ({ ...one, revisions: one.revisions.slice(1, 2) }))
  const gap = new Story(web(1)).keeping(past).take({ type: 'begin' })
  t.same(revisionsOf(gap), ['2 2 ann', '4 1 start'])
  const none = past.map((one) => ({ ...one, revisions: [] }))
  const empty = new Story(web(1)).keeping(none).take({ type: 'begin' })
  t.same(revisionsOf(empty), ['4 1 start'])
  t.same(courseOf(empty)?.revisions[0]?.changes, [])
})

t.test('ten are kept, over starts too', async (t) => {
  let past: readonly Past[] = []
  for (let start = 1; start <= 12; start++) {
    past = keptBy(new Story(web(start)).keeping(past).take({ type: 'begin' })).at(-1) ?? []
  }
  t.equal(past[0]?.revisions.length, 10)
  t.same(
    past[0]?.revisions.map(({ number }) => number),
    [3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
  )
  t.equal(past[0]?.nextRevision, 13)
})

t.test('who is not known from before begins, and who is no more is forgotten', async (t) => {
  const story = new Story(processSpec('db')).keeping(earlier()).take({ type: 'begin' })
  t.match(story.state.courses, [{ process: 'db', revision: 1, nextRevision: 2 }])
  t.match(keptBy(story), [[{ process: 'db' }]])
})
