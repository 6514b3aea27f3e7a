import t from 'tap'
import type { Clue, Fact } from '../../../src/core/events.ts'
import { processSpec } from '../../rig/specs.ts'
import { Story, words } from '../../rig/story.ts'

const stop: Fact = { type: 'shutdown', reason: 'test', code: 0 }
const kill: Fact = { type: 'deadline', key: 'web.1/kill' }

t.test('the restart policy decides what follows which result', async (t) => {
  const results = { 'code 0': [0, 0], 'code 3': [3, 0], SIGSEGV: [0, 11] } as const
  const table = [
    ['Always', 'code 0', 'pending'],
    ['Always', 'code 3', 'pending'],
    ['Always', 'SIGSEGV', 'pending'],
    ['OnFailure', 'code 0', 'succeeded'],
    ['OnFailure', 'code 3', 'pending'],
    ['OnFailure', 'SIGSEGV', 'pending'],
    ['Never', 'code 0', 'succeeded'],
    ['Never', 'code 3', 'failed'],
    ['Never', 'SIGSEGV', 'failed'],
  ] as const
  for (const [restartPolicy, result, phase] of table) {
    const story = new Story(processSpec('web', { restartPolicy }), processSpec('other'))
    story
      .take({ type: 'begin' })
      .run(1)
      .run(2)
      .end(1, ...results[result])
    t.equal(story.instance().phase, phase, `${restartPolicy}, ${result}`)
    t.equal(story.instance().restarts, phase === 'pending' ? 1 : 0)
  }
})

t.test(
  'a command that cannot be executed has failed, whatever the code of its helper',
  async (t) => {
    for (const code of [0, 126]) {
      const story = new Story(processSpec('web', { restartPolicy: 'Never' })).take(
        { type: 'begin' },
        { type: 'spawned', run: 1, pid: 101 },
        { type: 'execFailed', run: 1, errno: 'EACCES', step: 'exec' },
      )
      story.end(1, code)
      t.match(story.instance(), { phase: 'failed', last: { cause: 'exec-failed' } })
      t.equal(story.state.ending?.code, code === 0 ? 69 : 126)
    }
  },
)

t.test('the cause is the first thing that ended the run', async (t) => {
  const end = (code: number, signal = 0, clue?: Clue): Fact => ({
    type: 'exited',
    run: 1,
    status: { code, signal },
    clue,
  })
  const execFailed: Fact = { type: 'execFailed', run: 1, errno: 'ENOENT', step: 'exec' }
  const executed: Fact = { type: 'executed', run: 1 }
  const table: readonly (readonly [string, readonly Fact[], string])[] = [
    ['it left with 0', [executed, end(0)], 'completed'],
    ['it left with another code', [executed, end(3)], 'error'],
    ['a signal', [executed, end(0, 9)], 'signal'],
    ['the kernel', [executed, end(0, 9, 'oom-kill')], 'oom-killed'],
    ['a signal, perhaps the kernel’s', [executed, end(0, 9, 'possible-oom-kill')], 'signal'],
    ['a code that speaks of SIGKILL', [executed, end(137, 0, 'possible-oom-kill')], 'error'],
    ['a full heap, by a signal', [executed, end(0, 6, 'heap-limit')], 'heap-limit'],
    ['a full heap, by a code', [executed, end(3, 0, 'heap-limit')], 'heap-limit'],
    ['a stop, then the kernel', [executed, stop, end(0, 9, 'oom-kill')], 'stop-requested'],
    ['the command', [execFailed, end(127)], 'exec-failed'],
    ['a stop', [executed, stop, end(0, 15)], 'stop-requested'],
    ['a stop, then code 3', [executed, stop, end(3)], 'stop-requested'],
    ['a stop before it was executed', [stop, execFailed, end(127)], 'stop-requested'],
    ['SIGKILL to the main process', [executed, stop, kill, end(0, 9)], 'grace-exceeded'],
    ['SIGKILL to what it left', [executed, stop, end(0, 15), kill], 'grace-exceeded'],
    ['its own end, then SIGKILL to what it left', [executed, end(0), kill], 'completed'],
    ['its own end, then a stop', [executed, end(3), stop], 'error'],
    ['its own end, a stop, then SIGKILL', [executed, end(3), stop, kill], 'error'],
    ['the command, then a stop', [execFailed, stop, end(127)], 'exec-failed'],
    ['the command, then a stop and SIGKILL', [execFailed, stop, kill, end(0, 9)], 'exec-failed'],
  ]
  for (const [title, facts, cause] of table) {
    const story = new Story(processSpec('web')).take(
      { type: 'begin' },
      { type: 'spawned', run: 1, pid: 101 },
      ...facts,
      { type: 'emptied', run: 1 },
    )
    t.match(story.changes[0], { cause, run: 1, pid: 101 }, title)
    t.equal(story.instance().last?.cause, cause, title)
  }
})

t.test('what was named a success is one, whatever else was seen', async (t) => {
  const web = processSpec('web', { successExitCodes: [3], restartPolicy: 'OnFailure' })
  const story = new Story(web).take({ type: 'begin' }).run(1)
  story.take({ type: 'exited', run: 1, status: { code: 3, signal: 0 }, clue: 'heap-limit' })
  t.match(story.changes[0], { phase: 'stopping', cause: 'completed' })
})

t.test('a kill that may have been the kernel’s is told as such, once', async (t) => {
  const story = new Story(processSpec('web')).take({ type: 'begin' }).run(1)
  const status = { code: 0, signal: 9 }
  story.take({ type: 'exited', run: 1, status, clue: 'possible-oom-kill' })
  t.match(story.changes, [{ phase: 'stopping', cause: 'signal', reason: 'possibly oom' }])
  story.take({ type: 'emptied', run: 1 })
  t.match(story.changes, [{ cause: 'signal', reason: undefined }])
})

t.test('a grace of its own, from the stop signal or the end of the main process on', async (t) => {
  const spec = processSpec('web', { graceMs: 700, stopSignal: 3 })
  const story = new Story(spec).take({ type: 'begin' }).run(1).wait(50).take(stop)
  t.same(words(story), ['signal 1 3', 'kill 1750'])
  story.wait(100).take({ type: 'exited', run: 1, status: { code: 0, signal: 3 } })
  t.same(words(story), ['endTree 1 3'], 'one grace for both')

  const other = new Story(spec).take({ type: 'begin' }).run(1).wait(50)
  other.take({ type: 'exited', run: 1, status: { code: 0, signal: 0 } })
  t.same(words(other), ['endTree 1 3', 'kill 1750'])
})

t.test('the numbers of runs rise, over all instances', async (t) => {
  const story = new Story(processSpec('web', { replicas: 2 }), processSpec('api'))
  story.take({ type: 'begin' })
  for (const run of [1, 2, 3]) story.run(run)
  story.end(2, 1).end(3, 1).end(1, 1)
  const spawns = story.allEffects.filter((effect) => effect.type === 'spawn')
  t.same(
    spawns.map(({ run, spec, number }) => `${run} ${spec.name}.${number}`),
    ['1 web.1', '2 web.2', '3 api.1', '4 web.2', '5 api.1', '6 web.1'],
  )
})

t.test('a run that ended without a cause is a mistake in here', async (t) => {
  const story = new Story(processSpec('web')).take({ type: 'begin' }).run(1)
  story.take({ type: 'exited', run: 1, status: { code: 0, signal: 0 } })
  const [instance] = story.state.instances
  if (!instance?.live) throw new Error('no run')
  const live = { ...instance.live, cause: null }
  story.state = { ...story.state, instances: [{ ...instance, live }] }
  t.throws(() => story.take({ type: 'emptied', run: 1 }), /run 1 of web\.1/)
})
