import t from 'tap'
import { backoffMs } from '../../../src/core/backoff.ts'
import type { Fact } from '../../../src/core/events.ts'
import { type ProcessGiven, processSpec } from '../../rig/specs.ts'
import { Story, words } from '../../rig/story.ts'

const policy = { initialMs: 100, factor: 2, maxMs: 30_000, jitter: 0.1, resetAfterMs: 10_000 }

t.test('the wait is nothing, then grows by the factor up to the longest', async (t) => {
  const table = [
    [0, 0],
    [1, 0],
    [2, 100],
    [3, 200],
    [4, 400],
    [10, 25_600],
    [11, 30_000],
    [5000, 30_000],
  ] as const
  for (const [failures, ms] of table) t.equal(backoffMs(failures, policy, 0), ms, `${failures}`)
})

t.test('chance adds up to the jitter to a wait, and nothing to none', async (t) => {
  t.equal(backoffMs(2, policy, 0.5), 105)
  t.ok(backoffMs(11, policy, 0.9999) < 33_000)
  t.equal(backoffMs(1, policy, 0.9999), 0)
})

t.test('zero is allowed for each part of the policy', async (t) => {
  t.equal(backoffMs(3, { ...policy, initialMs: 0 }, 0.5), 0)
  t.equal(backoffMs(5000, { ...policy, initialMs: 0 }, 0.5), 0)
  t.equal(backoffMs(3, { ...policy, maxMs: 0 }, 0.5), 0)
  t.equal(backoffMs(3, { ...policy, factor: 0 }, 0.5), 0)
  t.equal(backoffMs(3, { ...policy, jitter: 0 }, 0.5), 200)
})

t.test('each end of a run that was not stable adds one failure, whatever its code', async (t) => {
  const story = begin()
  t.same(delays(story, [0, 3, 0, 1], 9_999), [0, 100, 200, 400])
  t.equal(story.instance().failures, 4)
  t.equal(story.instance().restarts, 4)
})

t.test('the end of a stable run sets the row of failures to one', async (t) => {
  const story = begin()
  t.same(delays(story, [1, 1, 1], 0), [0, 100, 200])
  t.same(delays(story, [1], 10_000), [0])
  t.equal(story.instance().failures, 1)
  t.same(delays(story, [1], 0), [100])
})

t.test('a run counts as stable from when it is ready until its main process ends', async (t) => {
  const story = begin()
  story.take({ type: 'spawned', run: 1, pid: 101 }).wait(60_000)
  story.take({ type: 'executed', run: 1 }).wait(9_000)
  story.take({ type: 'exited', run: 1, status: { code: 0, signal: 0 } }).wait(60_000)
  story.take({ type: 'emptied', run: 1 })
  t.same(delays(story, [1], 0), [100])
})

t.test('a command that cannot be executed is a failure', async (t) => {
  const story = begin().take({ type: 'spawned', run: 1, pid: 101 })
  story.take({ type: 'execFailed', run: 1, errno: 'ENOENT', step: 'exec' })
  story.wait(60_000).end(1, 127)
  t.equal(story.instance().failures, 1)
  t.match(story.instance().last, { cause: 'exec-failed', status: { code: 127, signal: 0 } })
  t.match(
    story.allChanges.find((change) => change.type === 'instance' && change.delayMs === 0),
    { refused: 'ENOENT exec', cause: 'exec-failed', phase: 'pending', run: 1 },
  )
})

t.test(
  'what the kernel lacks just now is tried again within a second, and counts as nothing',
  async (t) => {
    for (const errno of ['EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM']) {
      const story = begin()
      for (let run = 1; run <= 30; run++) {
        story.take({ type: 'spawnFailed', run, errno, step: 'fork' })
        story.wait(500).take({ type: 'deadline', key: 'web.1/start' })
        t.same(words(story), [`spawn ${run + 1}`])
      }
      t.match(story.instance(), { failures: 0, restarts: 0, last: null })
    }
  },
)

t.test(
  'so does what it lacks for the exec helper, such as a process more of that user',
  async (t) => {
    const story = begin({ isFirstStartFinal: true, restartPolicy: 'Never' })
    for (let run = 1; run <= 30; run++) {
      story.take({ type: 'spawned', run, pid: 100 + run })
      story.take({ type: 'execFailed', run, errno: 'EAGAIN', step: 'exec' }).end(run, 126)
      t.match(story.changes, [
        { phase: 'pending', previous: 'stopping', run, refused: 'EAGAIN exec', cause: undefined },
      ])
      story.wait(500).take({ type: 'deadline', key: 'web.1/start' })
      t.same(words(story), [`spawn ${run + 1}`])
    }
    t.match(story.instance(), { failures: 0, restarts: 0, last: null })
  },
)

t.test('what the kernel refuses for good is a failed run without a status', async (t) => {
  const story = begin().take({ type: 'spawnFailed', run: 1, errno: 'E2BIG', step: 'fork' })
  t.match(story.instance(), { failures: 1, last: { run: 1, cause: 'exec-failed', status: null } })
})

t.test('the wait is told, and the restart comes after it', async (t) => {
  const story = begin({ backoff: { ...policy, initialMs: 700 } })
    .run(1)
    .end(1)
    .run(2)
    .end(2, 4)
  t.match(story.allChanges.at(-1), {
    phase: 'backoff',
    previous: 'stopping',
    run: 2,
    pid: 102,
    delayMs: 700,
    cause: 'error',
  })
  t.match(story.allEffects.at(-1), { type: 'wake', key: 'web.1/start', atMonoMs: 1700 })
  story.wait(700).take({ type: 'deadline', key: 'web.1/start' })
  t.match(story.changes, [{ phase: 'pending', previous: 'backoff', run: 3 }])
})

function begin(given: ProcessGiven = {}): Story {
  return new Story(processSpec('web', given)).take({ type: 'begin' })
}

/** The wait after each of some runs that end with these codes after `readyMs`. */
function delays(story: Story, codes: readonly number[], readyMs: number): (number | undefined)[] {
  return codes.map((code) => {
    if (story.instance().phase === 'backoff') story.take({ type: 'deadline', key: 'web.1/start' })
    const run = story.instance().live?.run ?? 0
    const before = story.allChanges.length
    story.run(run).wait(readyMs).end(run, code)
    const end = story.allChanges
      .slice(before)
      .find((change) => change.type === 'instance' && change.delayMs !== undefined)
    return end?.type === 'instance' ? end.delayMs : undefined
  })
}

t.test('what is put off over and over is told once, until a command runs again', async (t) => {
  const refuse = (run: number, errno: string): Fact => ({
    ...{ type: 'spawnFailed', run, errno, step: 'fork' },
  })
  const story = new Story(processSpec('web')).take({ type: 'begin' }, refuse(1, 'EAGAIN'))
  t.match(story.changes, [{ refused: 'EAGAIN fork' }])
  const again: Fact = { type: 'deadline', key: 'web.1/start' }
  t.same(story.take(again, refuse(2, 'EAGAIN')).changes, [])
  t.match(story.take(again, refuse(3, 'EMFILE')).changes, [{ refused: 'EMFILE fork' }])
  story.take(again).run(4).end(4, 1)
  t.match(story.take(refuse(5, 'EMFILE')).changes, [{ refused: 'EMFILE fork' }])
})
