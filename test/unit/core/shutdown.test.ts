import t from 'tap'
import type { Fact } from '../../../src/core/events.ts'
import { type ProcessGiven, processSpec } from '../../rig/specs.ts'
import { Story, words } from '../../rig/story.ts'

const signalled = (signal: number): Fact => ({ type: 'signalled', signal })
const [INT, QUIT, TERM] = [signalled(2), signalled(3), signalled(15)]
/** What the other signals of the plan do. */
const actions: Record<number, string[]> = {
  1: ['readConfig'],
  30: ['reopenLogs'],
  10: ['offer 1 10'],
  12: ['offer 1 12'],
  28: ['offer 1 28'],
}
const sweepOver: Fact = { type: 'deadline', key: 'sweep' }

t.test('TERM, INT, QUIT and RTMIN+3 shut down, no other signal does', async (t) => {
  for (let signal = 1; signal <= 64; signal++) {
    const story = ready().take(signalled(signal))
    const isAsked = [2, 3, 15, 37].includes(signal)
    t.equal(story.state.phase, isAsked ? 'stopping' : 'running', `signal ${signal}`)
    t.same(words(story), isAsked ? ['signal 1 15', 'kill 11000'] : (actions[signal] ?? []))
  }
})

t.test('a shutdown stops, then sweeps, then exits, and says so', async (t) => {
  const story = ready().take(TERM)
  t.same(words(story), ['signal 1 15', 'kill 11000'])
  story.end(1, 0, 15)
  t.same(words(story), ['kill off', 'sweep 2000', 'sweep 15'])
  story.take({ type: 'swept' })
  t.same(words(story), ['sweep off', 'exit 0'])
  t.same(
    story.allChanges.flatMap((change) => (change.type === 'supervisor' ? [change.phase] : [])),
    ['running', 'stopping', 'sweeping', 'ended'],
  )
  t.match(story.changes, [{ type: 'supervisor', reason: 'SIGTERM', code: 0 }])
})

t.test('every instance is stopped, in whatever phase it is', async (t) => {
  const story = new Story(
    ...['queued', 'starting', 'running', 'waiting'].map((one) => processSpec(one)),
  )
  story.take({ type: 'begin' }, { type: 'spawned', run: 2, pid: 102 }).run(3)
  story.take({ type: 'spawnFailed', run: 4, errno: 'EMFILE', step: 'pipe' }, TERM)
  t.same(words(story), [
    ...['cancelSpawn 1', 'start off'],
    ...['signal 2 15', 'kill 11000', 'signal 3 15', 'kill 11000'],
  ])
  t.same(phases(story), ['stopping', 'stopping', 'stopping', 'stopped'])
})

t.test('a spawn that could not be taken back is stopped when it has a process', async (t) => {
  const story = new Story(processSpec('web')).take({ type: 'begin' }, TERM)
  story.wait(5).take({ type: 'spawned', run: 1, pid: 101 })
  t.same(words(story), ['signal 1 15', 'kill 11005'])
  t.match(story.take({ type: 'executed', run: 1 }).instance(), {
    phase: 'stopping',
    wasReady: false,
  })
  story.end(1, 0, 15)
  t.match(story.instance(), { phase: 'stopped', last: { cause: 'stop-requested' } })
})

t.test(
  'the exit waits for the last tree, the sweep and the last output, in any order',
  async (t) => {
    const exited: Fact = { type: 'exited', run: 1, status: { code: 0, signal: 15 } }
    const [emptied, outputEnded]: Fact[] = [
      { type: 'emptied', run: 1 },
      { type: 'outputEnded', run: 1 },
    ]
    if (!emptied || !outputEnded) throw new Error('unreachable')
    const swept: Fact = { type: 'swept' }
    for (const order of [
      [exited, emptied, swept, outputEnded],
      [exited, emptied, outputEnded, swept],
      [exited, outputEnded, emptied, swept],
      [outputEnded, exited, emptied, swept],
    ]) {
      const story = ready().take(TERM, ...order.slice(0, 3))
      t.not(story.state.phase, 'ended')
      t.equal(story.take(...order.slice(3)).state.phase, 'ended', order.map((f) => f.type).join())
    }
  },
)

t.test('the end of the last run that may end by itself is followed by the sweep', async (t) => {
  const story = ready({ restartPolicy: 'Never' })
  story.take({ type: 'exited', run: 1, status: { code: 0, signal: 0 } })
  t.equal(story.take({ type: 'emptied', run: 1 }).state.phase, 'sweeping')
})

t.test('a repeated TERM changes nothing', async (t) => {
  const story = ready().take(TERM).wait(100).take(TERM, signalled(37), signalled(1))
  t.same(words(story), [])
  t.match(story.state.ending, { isForced: false })
})

t.test('a second INT or QUIT kills at once what has had its stop signal', async (t) => {
  for (const [first, second] of [
    [[INT], INT],
    [[INT], QUIT],
    [[QUIT], INT],
    [[TERM, INT, TERM], QUIT],
  ] as const) {
    const story = ready({ replicas: 2 })
      .run(2)
      .take(...first)
    story.take({ type: 'exited', run: 2, status: { code: 0, signal: 0 } }, second)
    t.same(words(story), ['kill off', 'signal 1 9', 'kill off', 'endTree 2 9'])
    t.same(words(story.take(second)), [], 'once')
    story.take({ type: 'exited', run: 1, status: { code: 0, signal: 9 } })
    t.same(words(story), ['endTree 1 9'])
  }
})

t.test('a run that is spawned after that gets its stop signal first', async (t) => {
  const story = new Story(processSpec('web')).take({ type: 'begin' }, INT, INT)
  t.same(words(story), [])
  story.take({ type: 'spawned', run: 1, pid: 101 })
  t.same(words(story), ['signal 1 15', 'kill 11000', 'kill off', 'signal 1 9'])
})

t.test('the sweep kills after a second, and ends a second later whatever is left', async (t) => {
  const story = sweeping()
  story.wait(1000).take(sweepOver)
  t.same(words(story), ['sweep 3000', 'sweep 9'])
  story.wait(1000).take(sweepOver)
  t.same(words(story), ['sweep off', 'exit 0'])
})

t.test('the sweep of a shutdown in a hurry begins with SIGKILL', async (t) => {
  t.same(words(ready().take(INT, INT).end(1, 0, 9)), ['kill off', 'sweep 2000', 'sweep 9'])
  t.same(words(sweeping().take(INT)), [])
  t.same(words(sweeping().take(INT, QUIT)), ['sweep 2000', 'sweep 9'])
  t.same(words(sweeping().take(INT, INT, INT)), [])
})

t.test('nothing follows the exit', async (t) => {
  const story = sweeping().take({ type: 'swept' })
  const { state } = story
  for (const fact of [
    { type: 'swept' } as const,
    sweepOver,
    TERM,
    INT,
    INT,
    { type: 'begin' } as const,
  ]) {
    t.same(words(story.take(fact)), [])
  }
  t.same(story.state, state)
  t.same(words(ready().take({ type: 'swept' }, sweepOver)), [], 'nor before a sweep')
})

t.test('what begins the shutdown fixes the code and the reason', async (t) => {
  const story = ready().take({ type: 'shutdown', reason: 'again and again', code: 70 })
  story.take(TERM, { type: 'shutdown', reason: 'other', code: 5 }).end(1, 3).take({ type: 'swept' })
  t.match(story.changes, [{ phase: 'ended', reason: 'again and again', code: 70 }])
  t.same(words(story), ['sweep off', 'exit 70'])
})

t.test('a failed process shuts down with its code', async (t) => {
  const table = [
    ['its code', [7, 0], 7],
    ['128 + the signal', [0, 11], 139],
  ] as const
  for (const [title, status, code] of table) {
    const story = new Story(
      processSpec('one', { restartPolicy: 'Never' }),
      processSpec('two', { restartPolicy: 'Never' }),
      processSpec('three'),
    )
    story.take({ type: 'begin' }).run(1).run(2).run(3)
    story.end(1, 0)
    t.equal(story.state.phase, 'running')
    story.end(2, ...status)
    t.match(story.state.ending, { reason: 'two.1 failed', code }, title)
    t.same(phases(story), ['succeeded', 'failed', 'stopping'])
    story.end(3, 5).take({ type: 'swept' })
    t.same(words(story), ['sweep off', `exit ${code}`])
  }
})

t.test('a process that never was shuts down with 126', async (t) => {
  const story = new Story(processSpec('web', { restartPolicy: 'Never' }))
  story.take({ type: 'begin' }, { type: 'spawnFailed', run: 1, errno: 'E2BIG', step: 'fork' })
  t.match(story.state.ending, { reason: 'web.1 failed', code: 126 })
  t.equal(story.state.phase, 'sweeping')
})

t.test('when all processes have succeeded nothing is left to do', async (t) => {
  const once = { restartPolicy: 'OnFailure' } as const
  const story = new Story(processSpec('web', { ...once, replicas: 2 }), processSpec('api', once))
  story.take({ type: 'begin' }).run(1).run(2).run(3).end(1).end(3)
  t.equal(story.state.phase, 'running')
  story.end(2)
  t.match(story.state.ending, { reason: 'all processes succeeded', code: 0 })
})

t.test('a process without instances may get some: it keeps Ringmaster running', async (t) => {
  const story = new Story(
    processSpec('web', { restartPolicy: 'Never' }),
    processSpec('later', { replicas: 0 }),
  )
  story.take({ type: 'begin' }).run(1).end(1)
  t.equal(story.state.phase, 'running')
  t.equal(story.take(TERM).state.phase, 'sweeping')
})

t.test('a shutdown that comes before the begin is the end: nothing is started', async (t) => {
  const story = new Story(processSpec('web')).take(TERM)
  t.equal(story.state.phase, 'sweeping')
  t.same(words(story.take({ type: 'begin' })), [])
  t.same(words(story.take({ type: 'swept' })), ['sweep off', 'exit 0'])
})

t.test('an instance of no process is a mistake in here', async (t) => {
  const story = new Story(processSpec('web'))
  story.state = { ...story.state, processes: [] }
  t.throws(() => story.take({ type: 'begin' }), /no process web/)
})

function ready(given: ProcessGiven = {}): Story {
  return new Story(processSpec('web', given)).take({ type: 'begin' }).run(1)
}

function sweeping(): Story {
  return ready().take(TERM).end(1, 0, 15)
}

function phases(story: Story): string[] {
  return story.state.instances.map(({ phase }) => phase)
}
