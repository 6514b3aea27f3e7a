import t from 'tap'
import type { State } from '../../../src/core/state.ts'
import { view } from '../../../src/core/view.ts'
import { processSpec } from '../../rig/specs.ts'
import { Story } from '../../rig/story.ts'

t.test('an instance is ready while it runs', async (t) => {
  const story = new Story(processSpec('web')).take({ type: 'begin' })
  t.match(view(story.state), { isReady: false, isStarted: false })
  story.take({ type: 'spawned', run: 1, pid: 4711 })
  t.match(view(story.state).processes[0]?.instances, [
    { phase: 'starting', isReady: false, pid: 4711 },
  ])
  story.take({ type: 'executed', run: 1 })
  t.match(view(story.state), { isReady: true, isStarted: true })
  story.take({ type: 'exited', run: 1, status: { code: 1, signal: 0 } })
  t.match(view(story.state), { isReady: false, isStarted: true }, 'started never goes back')
})

t.test(
  'a process is ready when at most one of its instances is missing, but never all',
  async (t) => {
    const table = [
      // replicas, running, ready
      [1, 0, false],
      [1, 1, true],
      [2, 0, false],
      [2, 1, true],
      [3, 1, false],
      [3, 2, true],
      [5, 4, true],
    ] as const
    for (const [replicas, running, isReady] of table) {
      const story = new Story(processSpec('web', { replicas })).take({ type: 'begin' })
      for (let run = 1; run <= running; run++) story.run(run)
      const { processes, ...all } = view(story.state)
      t.equal(processes[0]?.isReady, isReady, `${running} of ${replicas}`)
      t.match(all, { isReady, isStarted: isReady })
    }
  },
)

t.test('all processes have to be ready', async (t) => {
  const story = new Story(processSpec('web'), processSpec('api')).take({ type: 'begin' }).run(2)
  t.match(view(story.state), { isReady: false, isStarted: false })
  t.same(
    view(story.state).processes.map(({ name, isReady }) => [name, isReady]),
    [
      ['web', false],
      ['api', true],
    ],
  )
  t.match(view(story.run(1).state), { isReady: true, isStarted: true })
})

t.test('what has succeeded counts as ready', async (t) => {
  const story = new Story(processSpec('job', { restartPolicy: 'Never' }), processSpec('web'))
  story.take({ type: 'begin' }).run(1).run(2).end(1)
  t.match(view(story.state), { isReady: true, isStarted: true })
})

t.test('started means once ready, and not in one moment', async (t) => {
  const story = new Story(processSpec('web'), processSpec('api')).take({ type: 'begin' })
  story.run(1).end(1, 1).run(2)
  t.match(view(story.state), { isReady: false, isStarted: true })
})

t.test('from the begin of a shutdown nothing is ready, whatever still runs', async (t) => {
  const story = new Story(processSpec('web', { replicas: 0 })).take({ type: 'begin' })
  t.equal(view(story.state).isReady, true)
  story.take({ type: 'signalled', signal: 15 })
  t.match(view(story.state), { isReady: false, isStarted: true, phase: 'sweeping' })
})

t.test('the view says how each instance is and how its last run ended', async (t) => {
  const story = new Story(processSpec('web')).take({ type: 'begin' }).run(1)
  story.wait(70).end(1, 3).run(2)
  t.same(view(story.state), {
    phase: 'running',
    isOverdue: false,
    withdrawn: null,
    isReady: true,
    isStarted: true,
    processes: [
      {
        name: 'web',
        replicas: 1,
        mostReplicas: 1000,
        sockets: [],
        revision: 1,
        rollout: null,
        isPaused: false,
        lastRollout: null,
        revisions: [{ number: 1, atMs: 1_893_542_400_000, by: 'start', changes: [], isGood: true }],
        counts: true,
        isReady: true,
        isStarted: true,
        instances: [
          {
            name: 'web.1',
            number: 1,
            revision: 1,
            isLeaving: false,
            isWanted: true,
            phase: 'running',
            run: 2,
            reason: null,
            isReady: true,
            isStarted: true,
            status: null,
            pid: 102,
            restarts: 1,
            startedAtMs: Date.UTC(2030, 0, 2) + 70,
            last: { cause: 'error', status: { code: 3, signal: 0 } },
          },
        ],
      },
    ],
    groups: [],
    config: {
      origin: { files: ['ringmaster.yaml'], texts: [] },
      atWallMs: Date.UTC(2030, 0, 2),
      by: 'start',
    },
  })
  story.end(2, 3)
  t.match(view(story.state).processes[0]?.instances, [
    { phase: 'backoff', pid: null, startedAtMs: null, restarts: 2 },
  ])
})

t.test('a state that came through JSON is seen as before', async (t) => {
  const { state } = new Story(processSpec('web', { replicas: 2 })).take({ type: 'begin' }).run(2)
  t.same(view(JSON.parse(JSON.stringify(state)) as State), view(state))
})

t.test(
  'what is not essential, has no instances, or waits for its start does not count',
  async (t) => {
    const story = new Story(
      processSpec('web'),
      processSpec('extra', { isEssential: false }),
      processSpec('none', { replicas: 0 }),
      processSpec('later', { autoStart: false }),
    ).take({ type: 'begin' })
    t.match(view(story.state), { isReady: false, isStarted: false })
    story.run(1)
    t.match(view(story.state), { isReady: true, isStarted: true })
    t.same(
      view(story.state).processes.map(({ name, counts }) => [name, counts]),
      [
        ['web', true],
        ['extra', false],
        ['none', false],
        ['later', false],
      ],
    )
  },
)
