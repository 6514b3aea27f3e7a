import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import type { Change, InstanceChange, ProbeChange } from '../../../src/core/changes.ts'
import { createHistory, type WrittenHistory } from '../../../src/observe/history.ts'
import type { HistoryEvent } from '../../../src/ports/history.ts'

const at = { monoMs: 1000, wallMs: Date.UTC(2030, 0, 2) }
const ofWeb = { process: 'web', instance: 'web.1', run: 7 } as const

function phase(given: Partial<InstanceChange> = {}): Change {
  const change = { type: 'instance', ...ofWeb, pid: 107, phase: 'running', previous: 'starting' }
  return { ...(change as InstanceChange), ...given, at }
}

function result(given: Partial<ProbeChange> = {}): Change {
  const said = { probe: 'readiness', isOk: false, detail: 'HTTP 503', durationMs: 3 } as const
  return { type: 'probe', ...ofWeb, ...said, ...given, at }
}

function create(limit?: number) {
  const errors: unknown[] = []
  const history = createHistory({
    later: setImmediate,
    report: (error) => errors.push(error),
    ...(limit !== undefined && { limit }),
  })
  return { history, errors }
}

/** Adds events whose texts are these. */
function add(history: WrittenHistory, ...messages: readonly string[]): void {
  for (const message of messages) history.change({ type: 'internalError', message, at })
}

const idsOf = (events: readonly HistoryEvent[]) => events.map(({ id }) => id)

t.test('an event says what the log says, as plain data', async (t) => {
  const { history } = create()
  history.change(phase({ isReady: true }))
  history.change(
    phase({ phase: 'backoff', previous: 'stopping', cause: 'error', delayMs: 100, pid: null }),
  )
  history.change(result({ isReady: false, failures: 3, failureThreshold: 3 }))
  history.change({ type: 'supervisor', phase: 'stopping', reason: 'SIGTERM', code: 0, at })
  const events = history.since(0)
  const base = { atMs: at.wallMs, level: 'info', type: 'instance', ...ofWeb, isReady: null }
  const noOne = { process: null, instance: null, run: null, cause: null }
  t.same(events, [
    { ...base, id: 1, phase: 'running', isReady: true, cause: null, text: events[0]?.text },
    { ...base, id: 2, phase: 'backoff', cause: 'error', level: 'warn', text: events[1]?.text },
    {
      ...{ ...base, id: 3, type: 'probe', level: 'warn', phase: null, isReady: false, cause: null },
      text: 'web.1 is not ready: readiness probe failed: HTTP 503 (3/3)',
    },
    {
      ...{ ...base, ...noOne, id: 4, type: 'supervisor', phase: 'stopping' },
      text: 'ringmaster shuts down: SIGTERM',
    },
  ])
  t.equal(events[0]?.text, 'web.1 runs as process 107')
  t.same(JSON.parse(JSON.stringify(events)), events)
})

t.test('results of probes that are no news are no events', async (t) => {
  const { history } = create()
  history.change(result({ isOk: true, detail: '' }))
  history.change(result())
  t.same(history.since(0), [])
  history.change(result({ failures: 1, failureThreshold: 3 }))
  history.change(result({ failures: 3, failureThreshold: 3 }))
  t.equal(history.since(0).length, 2)
  history.change(phase({ phase: 'starting' }))
  t.equal(history.since(0).length, 3, 'each phase is one, also what the log tells at debug')
})

t.test('a text is one line, and not endless', async (t) => {
  const { history } = create()
  add(history, `${'x'.repeat(5000)}\n  at somewhere`, 'one\ntwo')
  const [long, short] = history.since(0)
  t.equal(long?.text.length, 1000)
  t.equal(short?.text, 'internal error: one')
})

t.test('the newest are kept, and found by number', async (t) => {
  const { history } = create(5)
  t.equal(history.newest, 0)
  t.same(history.since(0), [])
  for (let count = 1; count <= 23; count++) {
    add(history, `${count}`)
    const all = Array.from({ length: count }, (_, index) => index + 1)
    for (let id = 0; id <= count; id++) {
      t.same(idsOf(history.since(id)), all.slice(id).slice(-5), `after ${id} of ${count}`)
    }
    t.same(idsOf(history.since(count + 1)), all.slice(-5), 'a number of an earlier start')
  }
  t.equal(history.newest, 23)
  t.equal(history.since(22)[0]?.text, 'internal error: 23')
})

t.test('a follower is told later, in order, and no more once it is ended', async (t) => {
  const { history } = create()
  add(history, 'before')
  const heard: number[][] = []
  const end = history.follow((events, missed) => {
    t.equal(missed, 0)
    heard.push(idsOf(events))
  })
  add(history, '2', '3')
  t.same(heard, [], 'not in the turn in which it happens')
  await turn()
  t.same(heard, [[2, 3]])
  add(history, '4')
  end()
  add(history, '5')
  await turn()
  t.same(heard, [[2, 3]])
})

t.test('one that has missed some begins where it was', async (t) => {
  const { history } = create(5)
  add(history, '1', '2', '3', '4', '5', '6', '7', '8')
  const heard: unknown[] = []
  const listen = (from: number) =>
    history.follow((events, missed) => void heard.push([from, idsOf(events), missed]), from)
  for (const from of [1, 6, 8, 99]) listen(from)
  await turn()
  t.same(heard, [
    [1, [4, 5, 6, 7, 8], 2],
    [6, [7, 8], 0],
    [99, [4, 5, 6, 7, 8], 3],
  ])
})

t.test('a slow one is left alone, and told how many it has lost', async (t) => {
  const { history } = create(5)
  const heard: unknown[] = []
  let release = () => {}
  history.follow((events, missed) => {
    heard.push([idsOf(events), missed])
    return new Promise((resolve) => {
      release = resolve
    })
  })
  const quick: number[] = []
  history.follow((events) => void quick.push(...idsOf(events)))
  add(history, '1')
  await turn()
  for (let count = 2; count <= 13; count++) {
    add(history, `${count}`)
    await turn()
  }
  t.same(heard, [[[1], 0]])
  t.same(quick, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13], 'others do not wait for it')
  release()
  await turn()
  await turn()
  t.same(heard.slice(1), [[[9, 10, 11, 12, 13], 7]])
})

t.test('one that fails is told on, and the failure is reported', async (t) => {
  const { history, errors } = create()
  const heard: number[] = []
  history.follow((events) => {
    heard.push(...idsOf(events))
    throw new Error('thrown')
  })
  history.follow(async () => {
    throw new Error('rejected')
  })
  add(history, '1')
  await turn()
  add(history, '2')
  await turn()
  t.same(heard, [1, 2])
  t.same(errors.map(String).sort(), [
    ...['Error: rejected', 'Error: rejected', 'Error: thrown', 'Error: thrown'],
  ])
})
