import t from 'tap'
import { type ProcessGiven, processSpec } from '../../rig/specs.ts'
import { Story, words } from '../../rig/story.ts'

const once = { restartPolicy: 'Never' } as const

t.test('the failure of a process that is not essential stops nobody', async (t) => {
  const story = beside({ ...once, isEssential: false }).end(1, 7)
  t.equal(story.instance().phase, 'failed')
  t.equal(story.state.phase, 'running')
})

t.test('when the last has ended, the code is that of the first that failed', async (t) => {
  const spec = { ...once, isEssential: false }
  const story = new Story(processSpec('a', spec), processSpec('b', spec), processSpec('c', spec))
  story.take({ type: 'begin' }).run(1).run(2).run(3)
  story.end(2, 5).end(1, 4)
  t.equal(story.state.phase, 'running')
  story.end(3, 0)
  t.match(story.state, { phase: 'sweeping', ending: { reason: 'all processes ended', code: 5 } })
})

t.test('a process that ends the container does so by a successful end too', async (t) => {
  for (const restartPolicy of ['Always', 'OnFailure', 'Never'] as const) {
    const story = beside({ restartPolicy, isShutdownOnExit: true, successExitCodes: [0, 4] })
    story.end(1, 4)
    t.match(story.state.ending, { reason: 'web.1 succeeded', code: 4 }, restartPolicy)
    t.equal(story.instance().phase, 'succeeded')
  }
})

t.test('its failing end follows the restart policy first, whatever is essential', async (t) => {
  const isShutdownOnExit = true
  t.equal(beside({ isShutdownOnExit }).end(1, 3).state.phase, 'running')
  const story = beside({ ...once, isShutdownOnExit, isEssential: false }).end(1, 3)
  t.match(story.state.ending, { reason: 'web.1 failed', code: 3 })
})

t.test('a code that was named a success is one: no failure, no restart on failure', async (t) => {
  const story = beside({ restartPolicy: 'OnFailure', successExitCodes: [3] })
  t.match(story.end(1, 3).instance(), { phase: 'succeeded', last: { cause: 'completed' } })
  const other = beside({ restartPolicy: 'OnFailure', successExitCodes: [3] })
  t.match(other.end(1, 0).instance(), { phase: 'pending', last: { cause: 'error' } })
})

t.test('a signal is no success, whatever number it has', async (t) => {
  const story = beside({ ...once, successExitCodes: [0, 15, 143] }).end(1, 0, 15)
  t.match(story.instance(), { phase: 'failed', last: { cause: 'signal' } })
})

t.test('a command that must start ends Ringmaster at once when it cannot', async (t) => {
  for (const [status, code] of [
    [127, 127],
    [126, 126],
  ] as const) {
    const story = beside({ isFirstStartFinal: true }, false)
    story.take({ type: 'spawned', run: 1, pid: 101 })
    story.take({ type: 'execFailed', run: 1, errno: 'ENOENT', step: 'exec' }).end(1, status)
    t.match(story.state.ending, { code })
  }
  const later = beside({ isFirstStartFinal: true }).end(1, 1)
  later.take({ type: 'spawned', run: 3, pid: 103 })
  later.take({ type: 'execFailed', run: 3, errno: 'ENOENT', step: 'exec' }).end(3, 127)
  t.equal(later.state.phase, 'running', 'a later one is tried again')
})

t.test('what is not started by itself waits, and keeps Ringmaster running', async (t) => {
  const story = new Story(processSpec('web', once), processSpec('later', { autoStart: false }))
  story.take({ type: 'begin' })
  t.equal(story.instance('later.1').phase, 'stopped')
  story.run(1).end(1, 0)
  t.equal(story.state.phase, 'running')
  story.take({ type: 'signalled', signal: 15 })
  t.equal(story.state.phase, 'sweeping')
})

t.test('the first start waits for its delay, a restart does not', async (t) => {
  const story = new Story(processSpec('web', { startDelayMs: 700 })).take({ type: 'begin' })
  t.same(words(story), ['start 1700'])
  t.equal(story.instance().phase, 'pending')
  story.wait(700).take({ type: 'deadline', key: 'web.1/start' })
  t.same(words(story), ['spawn 1'])
  story.run(1).take({ type: 'exited', run: 1, status: { code: 1, signal: 0 } })
  t.same(words(story.take({ type: 'emptied', run: 1 })), ['kill off', 'spawn 2'])
})

t.test('a stop during the delay is over at once', async (t) => {
  const story = new Story(processSpec('web', { startDelayMs: 700 })).take({ type: 'begin' })
  story.take({ type: 'signalled', signal: 15 })
  t.equal(story.instance().phase, 'stopped')
  t.equal(story.state.phase, 'sweeping')
})

t.test('an instance that a mistake has hit is stopped, and failed with 69', async (t) => {
  const story = beside({}).take({ type: 'broken', instance: 'web.1' })
  t.same(words(story), ['signal 1 15', 'kill 11000'])
  t.same(words(story.take({ type: 'broken', instance: 'web.1' })), [], 'once')
  story.end(1, 0, 15)
  t.equal(story.instance().phase, 'failed')
  t.match(story.state.ending, { reason: 'web.1 failed', code: 69 })
})

/** `web` beside another process, so that the end of one is not the end of all. */
function beside(given: ProcessGiven, isRunning = true): Story {
  const story = new Story(processSpec('web', given), processSpec('other')).take({ type: 'begin' })
  return isRunning ? story.run(1).run(2) : story.run(2)
}
