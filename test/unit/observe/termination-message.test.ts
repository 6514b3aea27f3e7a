import t from 'tap'
import type { Change } from '../../../src/core/changes.ts'
import type { Outcome } from '../../../src/core/state.ts'
import { view } from '../../../src/core/view.ts'
import { createTerminationMessage } from '../../../src/observe/termination-message.ts'
import type { LastWords } from '../../../src/ports/output.ts'
import { processSpec } from '../../rig/specs.ts'
import { Story } from '../../rig/story.ts'

const latin1 = (text: string) => Buffer.from(text).toString('latin1')

/** What is told at the end of `story`, in which every instance wrote `words`. */
function told(
  story: Story,
  words: Partial<LastWords> = {},
  limitBytes = 4096,
  lastRollout: Outcome | null = null,
): string {
  const message = createTerminationMessage({
    view() {
      const now = view(story.state)
      return { ...now, processes: now.processes.map((process) => ({ ...process, lastRollout })) }
    },
    lastWords: (instance) => ({
      stdout: latin1(words.stdout?.replaceAll('NAME', instance) ?? ''),
      stderr: latin1(words.stderr?.replaceAll('NAME', instance) ?? ''),
    }),
  })
  for (const change of story.allChanges) message.change(change as Change)
  const text = message.text(limitBytes)
  t.ok(Buffer.byteLength(text) <= limitBytes, `${Buffer.byteLength(text)} of ${limitBytes} bytes`)
  t.equal(Buffer.from(text).toString(), text, 'it is UTF-8')
  return text
}

/** To the exit. */
function ended(story: Story): Story {
  return story.take({ type: 'swept' })
}

const crashing = () =>
  new Story(processSpec('web', { restartLimit: { count: 2, withinMs: 60_000 }, backoff: noWait }))
const noWait = { initialMs: 0, factor: 2, maxMs: 0, jitter: 0, resetAfterMs: 10_000 }

t.test('who failed comes first, then the code, then what it wrote last', async (t) => {
  const story = crashing().take({ type: 'begin' })
  for (const run of [1, 2, 3]) story.run(run).end(run, 7)
  t.equal(
    told(ended(story), { stdout: 'out\n', stderr: 'first\n\nNAME says € ✓\n' }),
    [
      'web.1 failed: error (code 7), 2 restarts; restart limit: 2 within 60 s or in a row',
      'ringmaster ends with code 7: web.1 failed',
      'last lines of its stderr:',
      'first',
      'web.1 says € ✓',
      '',
    ].join('\n'),
  )
})

t.test('a process that says nothing on stderr is quoted from stdout', async (t) => {
  const story = crashing().take({ type: 'begin' })
  for (const run of [1, 2, 3]) story.run(run).end(run, 7)
  t.match(told(ended(story), { stdout: 'out\n' }), /\nlast lines of its stdout:\nout\n$/)
  t.match(told(ended(story)), /web\.1 failed\n$/, 'nothing is quoted of nothing')
})

t.test('a rollout that had failed is part of the story', async (t) => {
  const story = crashing().take({ type: 'begin' })
  for (const run of [1, 2, 3]) story.run(run).end(run, 7)
  ended(story)
  const why = 'web.1 ended three times'
  for (const result of ['failed', 'returned'] as const) {
    const outcome = { revision: 2, result, reason: why }
    t.match(
      told(story, {}, 4096, outcome).split('\n'),
      [/^web\.1 failed/, `the last rollout of web had failed: ${why}`, /^ringmaster ends/],
      result,
    )
  }
  const done = { revision: 2, result: 'completed', reason: null } as const
  t.notMatch(told(story, {}, 4096, done), /rollout/)
})

t.test('an end that was asked for has no message', async (t) => {
  const stopped = new Story(processSpec('web')).take({ type: 'begin' }).run(1)
  stopped.take({ type: 'signalled', signal: 15 }).end(1, 3)
  t.equal(told(ended(stopped), { stderr: 'x\n' }), '')
  const done = new Story(processSpec('web', { restartPolicy: 'OnFailure' }))
  t.equal(told(ended(done.take({ type: 'begin' }).run(1).end(1)), { stderr: 'x\n' }), '')
  t.equal(told(new Story(processSpec('web')).take({ type: 'begin' })), '', 'nor has no end')
})

t.test('of several that failed it is the one that ended Ringmaster', async (t) => {
  const once = { restartPolicy: 'Never', isEssential: false } as const
  const two = () => new Story(processSpec('api', once), processSpec('web', once))
  const all = two().take({ type: 'begin' }).run(1).run(2).end(2, 5).end(1, 6)
  t.match(
    told(ended(all)),
    /^web\.1 failed: error \(code 5\), 0 restarts\n.*all processes ended\n$/,
  )
  const essential = new Story(processSpec('api', once), processSpec('web'), processSpec('job'))
  essential.take({ type: 'begin' }).run(1).run(2).run(3).end(1, 4)
  essential.take({ type: 'broken', instance: 'web.1' }).end(2, 0, 15).end(3, 0, 15)
  t.match(told(ended(essential)), /^web\.1 failed: stop-requested .*\nringmaster ends with code 69/)
})

t.test('a job whose success has a code of its own is told too', async (t) => {
  const job = processSpec('job', { isShutdownOnExit: true, successExitCodes: [6] })
  const story = new Story(job).take({ type: 'begin' }).run(1).end(1, 6)
  t.match(told(ended(story)), /^job\.1 succeeded: completed \(code 6\), 0 restarts\n/)
})

t.test('a command that cannot be executed is told by the reason', async (t) => {
  const story = new Story(processSpec('web', { restartPolicy: 'Never' })).take({ type: 'begin' })
  story.take({ type: 'spawned', run: 1, pid: 101 })
  story.take({ type: 'execFailed', run: 1, errno: 'ENOENT', step: 'command=./web' }).end(1, 127)
  t.match(
    told(ended(story)),
    /^web\.1 failed: exec-failed \(ENOENT command=\.\/web\), 0 restarts\n/,
  )
})

t.test('an end by an error in here blames nobody', async (t) => {
  const story = new Story(processSpec('web')).take({ type: 'begin' }).run(1)
  const reason = `again and again: ${'x'.repeat(5000)}`
  story.take({ type: 'shutdown', reason, code: 70 }).end(1, 0, 15)
  t.match(
    told(ended(story), { stderr: 'x\n' }),
    /^ringmaster ends with code 70: again and again: x+\n$/,
  )
})

t.test(
  'what does not fit is left out from the oldest line on, and no character is cut',
  async (t) => {
    const story = crashing().take({ type: 'begin' })
    for (const run of [1, 2, 3]) story.run(run).end(run, 7)
    ended(story)
    const lines = Array.from({ length: 50 }, (_, i) => `${i} ${'ä€🎪'.repeat(12)}\n`)
    const text = told(story, { stderr: lines.join('') })
    t.ok(text.endsWith(lines.slice(-30).join('')))
    t.match(text, /stderr:\n\d+ ä/)
    for (let limit = 180; limit < 200; limit++) {
      t.match(told(story, { stderr: `${'🎪'.repeat(3000)}\n` }, limit), /stderr:\n🎪+\n$/u)
    }
    const many = Array.from({ length: 500 }, (_, i) => `${i}\n`).join('')
    t.ok(told(story, { stderr: many }).split('\n').length < 80, 'few enough for the end of a log')
  },
)

t.test('a person can read it: no colours, no cursor, no half characters', async (t) => {
  const story = crashing().take({ type: 'begin' })
  for (const run of [1, 2, 3]) story.run(run).end(run, 7)
  const stderr = '\x1b[31mred\x1b[0m\ttab\r\n\x07bell\0\n'
  t.match(told(ended(story), { stderr }), /stderr:\nred\ttab\n bell \n$/)
})
