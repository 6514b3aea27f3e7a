import t from 'tap'
import type { Change, InstanceChange } from '../../../src/core/changes.ts'
import { createLog, type LogOptions } from '../../../src/observe/log.ts'

const at = { monoMs: 5, wallMs: Date.UTC(2030, 0, 2, 3, 4, 5) }
const time = '2030-01-02T03:04:05.000Z'

const instance: InstanceChange = {
  type: 'instance',
  process: 'web',
  instance: 'web.1',
  run: 3,
  pid: 77,
  phase: 'running',
  previous: 'starting',
}
const killed = { cause: 'signal', status: { code: 0, signal: 9 } } as const

/** A log of all that is told, in JSON, if not asked for otherwise; and its lines. */
function written(given: Partial<LogOptions> = {}) {
  const lines: string[] = []
  const write = (line: string) => lines.push(line)
  const wallMs = () => at.wallMs
  return { lines, log: createLog({ write, isTerminal: false, wallMs, level: 'debug', ...given }) }
}

function logged(change: Change): Record<string, unknown> {
  const { lines, log } = written()
  log.change(change)
  t.equal(lines.length, 1)
  t.match(lines[0], /^\{.*\}\n$/)
  return JSON.parse(lines[0] ?? '')
}

t.test('a change is one JSON line with its own time and fields, and no others', async (t) => {
  t.same(logged({ ...instance, at }), {
    level: 'info',
    time,
    process: 'web',
    instance: 'web.1',
    run: 3,
    pid: 77,
    phase: 'running',
    previous: 'starting',
    msg: 'web.1 runs as process 77',
  })
  t.same(
    logged({
      at,
      ...instance,
      ...killed,
      phase: 'backoff',
      previous: 'stopping',
      delayMs: 200.4,
    }),
    {
      level: 'info',
      time,
      process: 'web',
      instance: 'web.1',
      run: 3,
      pid: 77,
      phase: 'backoff',
      previous: 'stopping',
      cause: 'signal',
      signal: 'SIGKILL',
      delayMs: 200,
      msg: 'web.1 restarts in 200 ms',
    },
  )
  t.same(logged({ at, type: 'supervisor', phase: 'stopping', reason: 'web.1 failed', code: 3 }), {
    level: 'error',
    time,
    phase: 'stopping',
    reason: 'web.1 failed',
    code: 3,
    msg: 'ringmaster shuts down: web.1 failed',
  })
})

t.test('who is not ready because somebody wants it says so', async (t) => {
  const table = [
    [{ for: 'maintenance', isDrained: false }, 'ringmaster is not ready: maintenance'],
    [{ for: 'drain', isDrained: true }, 'ringmaster has drained'],
    [null, 'ringmaster may be ready again'],
  ] as const
  for (const [withdrawn, msg] of table) {
    t.same(logged({ at, type: 'withdrawal', withdrawn }), { level: 'info', time, withdrawn, msg })
  }
})

const messages: readonly (readonly [Partial<InstanceChange>, string, string])[] = [
  [{ phase: 'pending' }, 'info', 'web.1 starts'],
  [
    { phase: 'pending', refused: 'EAGAIN fork' },
    'warn',
    'web.1 cannot start now: EAGAIN fork; tried again soon',
  ],
  [{ phase: 'pending', reason: 'waiting for db: ready' }, 'info', 'web.1 is waiting for db: ready'],
  [
    { phase: 'pending', ...killed, delayMs: 0, reason: 'waiting for db: ready' },
    'info',
    'web.1 restarts, waiting for db: ready',
  ],
  [
    {
      ...{ phase: 'pending', cause: 'completed', status: { code: 0, signal: 0 } },
      reason: 'waiting for a connection to web',
    },
    'info',
    'web.1 is waiting for a connection to web',
  ],
  [{ phase: 'stopping', ...killed }, 'warn', 'web.1 ended: signal SIGKILL'],
  [
    { phase: 'stopping', cause: 'completed', status: { code: 0, signal: 0 } },
    'info',
    'web.1 ended: code 0',
  ],
  [{ phase: 'pending', ...killed, delayMs: 0 }, 'info', 'web.1 restarts at once'],
  [
    { phase: 'backoff', cause: 'completed', status: { code: 0, signal: 0 }, delayMs: 100 },
    'info',
    'web.1 restarts in 100 ms',
  ],
  [
    { phase: 'backoff', cause: 'exec-failed', refused: 'ENOENT exec', delayMs: 100 },
    'warn',
    'web.1 cannot start: ENOENT exec; tried again in 100 ms',
  ],
  [{ phase: 'starting' }, 'debug', 'web.1 has process 77'],
  [{ phase: 'stopping' }, 'info', 'web.1 stops'],
  [{ phase: 'stopping', reason: 'group a' }, 'info', 'web.1 is stopped: group a'],
  [{ phase: 'stopped' }, 'info', 'web.1 stopped'],
  [
    { phase: 'stopped', cause: 'stop-requested', status: { code: 0, signal: 15 } },
    'info',
    'web.1 stopped: signal SIGTERM',
  ],
  [
    { phase: 'stopped', ...killed, cause: 'grace-exceeded' },
    'warn',
    'web.1 stopped: signal SIGKILL, did not stop within its grace',
  ],
  [
    { phase: 'succeeded', cause: 'completed', status: { code: 0, signal: 0 } },
    'info',
    'web.1 ended: code 0; done',
  ],
  [
    { phase: 'failed', cause: 'error', status: { code: 3, signal: 0 } },
    'error',
    'web.1 ended: code 3; not started again',
  ],
]

for (const [change, level, msg] of messages) {
  t.test(`"${msg}"`, async (t) => t.match(logged({ ...instance, ...change, at }), { level, msg }))
}

t.test('a person at a terminal reads short lines', async (t) => {
  const { lines, log } = written({ isTerminal: true })
  log.change({ ...instance, at })
  log.change({ type: 'internalError', message: 'oh', at })
  log.note('warn', 'careful')
  log.note('debug', 'so far')
  t.same(
    lines.map((line) => line.replace(/^\d\d:\d\d:\d\d /, '')),
    [
      'web.1 runs as process 77\n',
      'error: internal error: oh\n',
      'warn: careful\n',
      'debug: so far\n',
    ],
  )
})

for (const isTerminal of [false, true]) {
  t.test(`only lines of the level or above it are written, terminal: ${isTerminal}`, async (t) => {
    const levels = ['debug', 'info', 'warn', 'error'] as const
    for (const [first, level] of levels.entries()) {
      const { lines, log } = written({ isTerminal, level })
      for (const one of levels) log.note(one, `a word of ${one}`)
      t.same(
        lines.map((line) => /a word of (\w+)/.exec(line)?.[1]),
        levels.slice(first),
        level,
      )
    }
  })
}

t.test('a change has a level as well as a note', async (t) => {
  const { lines, log } = written({ isTerminal: true, level: 'warn' })
  log.change({ ...instance, at })
  log.change({ type: 'internalError', message: 'oh', at })
  t.match(lines, [/error: internal error: oh\n$/])
  t.equal(lines.length, 1)
})

t.test('on a terminal with colours a warning is yellow and an error red', async (t) => {
  const { lines, log } = written({ isTerminal: true, hasColor: true })
  for (const level of ['info', 'warn', 'error'] as const) log.note(level, 'word')
  t.same(
    lines.map((line) => line.slice('00:00:00 '.length)),
    ['word\n', '\x1b[33mwarn: word\x1b[0m\n', '\x1b[31merror: word\x1b[0m\n'],
  )
  const json = written({ hasColor: true })
  json.log.note('error', 'word')
  t.notMatch(json.lines[0], '\x1b', 'never in JSON')
})

t.test('a hook is told when it is done, and louder when it has failed', async (t) => {
  const hook = { type: 'hook', process: 'web', instance: 'web.1', run: 3, hook: 'preStop' } as const
  t.same(logged({ ...hook, at, isOk: false, detail: 'exit code 1', output: 'why' }), {
    ...{ level: 'warn', time, process: 'web', instance: 'web.1', run: 3, hook: 'preStop' },
    ...{ isOk: false, detail: 'exit code 1', output: 'why' },
    msg: 'web.1 preStop failed: exit code 1',
  })
  t.match(logged({ ...hook, at, isOk: true, detail: 'slept' }), {
    ...{ level: 'debug', msg: 'web.1 preStop is done' },
  })
})

t.test('what a run says of itself is told in its words', async (t) => {
  const notice = { type: 'notice', process: 'web', instance: 'web.1', run: 3, at } as const
  t.same(logged({ ...notice, status: '12 users' }), {
    ...{ level: 'info', time, process: 'web', instance: 'web.1', run: 3, status: '12 users' },
    msg: 'web.1 says: 12 users',
  })
  const ready = { ...notice, isReady: true, detail: 'READY=1' }
  t.match(logged(ready), { level: 'info', isReady: true, msg: 'web.1 is ready' })
  const reloading = { ...notice, isReady: false, detail: 'RELOADING=1' }
  t.match(logged(reloading), { level: 'info', msg: 'web.1 is not ready: RELOADING=1' })
})
