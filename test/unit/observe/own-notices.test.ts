import t from 'tap'
import type { Change } from '../../../src/core/changes.ts'
import type { View } from '../../../src/core/view.ts'
import { createOwnNotices } from '../../../src/observe/own-notices.ts'
import { createManualClock } from '../../rig/manual-clock.ts'
import { instanceView, processView, viewOf } from '../../rig/views.ts'

const at = { monoMs: 1000, wallMs: 0 }
const changed: Change = {
  ...{ type: 'instance', process: 'web', instance: 'web.1', run: 1, pid: 100 },
  ...{ phase: 'running', previous: 'starting', at },
}
const stopping: Change = { type: 'supervisor', phase: 'stopping', reason: 'SIGTERM', code: 0, at }
const view = (...ready: readonly boolean[]) =>
  viewOf(
    ...ready.map((isReady, index) =>
      processView(`p${index}`, instanceView(`p${index}.1`, { isReady })),
    ),
  )

t.test('READY=1 comes once, when all have been ready once', async (t) => {
  const told = listen(view(true, false))
  told.change(changed)
  t.same(told.messages, [], 'at the end of the turn')
  told.change(changed)
  told.clock.poll()
  t.same(told.messages, ['STATUS=1 of 2 processes ready'])
  told.see(view(true, true)).clock.poll()
  t.same(told.messages.slice(1), ['READY=1\nSTATUS=2 of 2 processes ready'])
  told.see({ ...view(true, false), isStarted: true }).clock.poll()
  told.see(view(true, true)).clock.poll()
  t.same(told.messages.slice(2), ['STATUS=1 of 2 processes ready', 'STATUS=2 of 2 processes ready'])
  told.see(view(true, true)).clock.poll()
  t.equal(told.messages.length, 4, 'nothing is told twice')
})

t.test('a shutdown is told at once, with its time, and nothing after it', async (t) => {
  const told = listen(view(true))
  told.change(changed)
  told.change(stopping)
  const whole = 'STOPPING=1\nEXTEND_TIMEOUT_USEC=30000000\nSTATUS=shutting down: SIGTERM'
  t.same(told.messages, [whole])
  told.change({ ...stopping, phase: 'ended' })
  told.see(view(true)).clock.poll()
  t.same(told.messages, [whole])
})

t.test('a try of a probe that changes nothing is not looked at', async (t) => {
  const told = listen(view(true))
  told.change({
    ...{ type: 'probe', process: 'web', instance: 'web.1', run: 1, probe: 'readiness' },
    ...{ isOk: true, detail: '', durationMs: 1, at },
  })
  told.clock.poll()
  t.same(told.messages, [])
})

t.test('what finds no room is sent later, all of it in one message', async (t) => {
  const told = listen(view(true))
  told.errno = 'EAGAIN'
  told.see(view(true)).clock.poll()
  told.change(stopping)
  t.equal(told.tries, 1, 'nobody asks again at once')
  told.errno = null
  told.clock.advance(100)
  t.match(told.messages, [/^READY=1\nSTATUS=shutting down: SIGTERM\nSTOPPING=1\n/])
  t.equal(told.clock.nextAt(), Infinity)
})

t.test('when nobody is there it is told once, and left', async (t) => {
  const told = listen(view(true), 2000)
  told.errno = 'ECONNREFUSED'
  told.begin()
  told.see(view(false)).clock.poll()
  told.clock.advance(10_000)
  t.same([told.tries, told.lost], [1, ['ECONNREFUSED']])
  t.equal(told.clock.nextAt(), Infinity, 'without a timer')
})

t.test('signs of life come twice in the time for one, and only when asked for', async (t) => {
  const told = listen(view(true), 2000)
  told.begin()
  t.same(told.messages, ['WATCHDOG=1'])
  told.clock.advance(999)
  t.equal(told.messages.length, 1)
  told.clock.advance(1)
  told.clock.advance(1000)
  t.equal(told.messages.length, 3)
  const silent = listen(view(true))
  silent.begin()
  t.equal(silent.clock.nextAt(), Infinity)
})

/** A service manager that hears what is told of `first`. */
function listen(first: View, watchdogMs: number | null = null) {
  let now = first
  const clock = createManualClock()
  const heard = {
    clock,
    messages: [] as string[],
    lost: [] as string[],
    errno: null as string | null,
    tries: 0,
    see(view: View) {
      now = view
      notices.change(changed)
      return heard
    },
    begin: () => notices.begin(),
    change: (change: Change) => notices.change(change),
  }
  const notices = createOwnNotices({
    clock,
    view: () => now,
    shutdownMs: 30_000,
    onLost: (errno) => heard.lost.push(errno),
    manager: {
      watchdogMs,
      send(message) {
        heard.tries += 1
        if (heard.errno === null) heard.messages.push(message)
        return heard.errno
      },
    },
  })
  return heard
}
