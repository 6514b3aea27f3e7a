import t from 'tap'
import type { Clock } from '../../src/ports/clock.ts'
import { Deadlines } from '../../src/runtime/deadlines.ts'
import { createManualClock } from '../rig/manual-clock.ts'

t.test('each deadline comes at its time, in order', async (t) => {
  const { deadlines, clock, due } = create()
  deadlines.set('b/kill', 1200)
  deadlines.set('a/kill', 1100)
  deadlines.set('a/start', 1100)
  clock.advance(99)
  t.same(due, [])
  clock.advance(1)
  t.same(due, ['a/kill', 'a/start'])
  clock.advance(1000)
  t.same(due, ['a/kill', 'a/start', 'b/kill'])
})

t.test('there is one timer, for the earliest, and none when nothing is awaited', async (t) => {
  const { deadlines, timers, clock } = create()
  for (let index = 0; index < 100; index++) deadlines.set(`${index}/kill`, 3000 - index)
  t.same(timers, [2901])
  deadlines.set('99/kill', null)
  t.same(timers, [2902])
  deadlines.set('98/kill', 4000)
  t.same(timers, [2903])
  clock.advance(5000)
  t.same(timers, [])
  deadlines.set('sweep', 9000)
  deadlines.set('sweep', null)
  deadlines.set('sweep', null)
  t.same(timers, [])
})

t.test('a later deadline does not touch the timer', async (t) => {
  const { deadlines, clock, timersMade } = create()
  deadlines.set('sweep', 1100)
  for (let index = 0; index < 100; index++) deadlines.set(`${index}/kill`, 2000 + index)
  t.equal(timersMade(), 1)
  clock.advance(100)
  t.equal(timersMade(), 2)
})

t.test('a deadline that is replaced or removed does not come', async (t) => {
  const { deadlines, clock, due } = create()
  deadlines.set('a/kill', 1100)
  deadlines.set('a/kill', 1300)
  deadlines.set('b/kill', 1200)
  deadlines.set('b/kill', null)
  clock.advance(299)
  t.same(due, [])
  clock.advance(1)
  t.same(due, ['a/kill'])
})

t.test('what one deadline leads to may remove, move or set another of the same time', async (t) => {
  const { deadlines, clock, due, react } = create()
  for (const key of ['a/kill', 'b/kill', 'c/kill'] as const) deadlines.set(key, 1100)
  react.set('a/kill', () => {
    deadlines.set('b/kill', null)
    deadlines.set('c/kill', 1500)
    deadlines.set('d/kill', 1200)
  })
  clock.advance(100)
  t.same(due, ['a/kill'])
  clock.advance(1000)
  t.same(due, ['a/kill', 'd/kill', 'c/kill'])
})

t.test('a timer that is early is set again', async (t) => {
  const callbacks: (() => void)[] = []
  let monoMs = 0
  const due: string[] = []
  const deadlines = telling(
    {
      ...createManualClock(),
      now: () => ({ monoMs, wallMs: 0 }),
      at: (_, callback) => {
        callbacks.push(callback)
        return () => {}
      },
    },
    (key) => due.push(key),
  )
  deadlines.set('sweep', 10)
  monoMs = 9.5
  callbacks.shift()?.()
  t.same(due, [])
  monoMs = 10
  callbacks.shift()?.()
  t.same(due, ['sweep'])
})

t.test('what came while all was held up comes before a deadline that is late', async (t) => {
  let lagMs = 0
  const manual = createManualClock()
  const clock = {
    ...manual,
    now: () => ({ ...manual.now(), monoMs: manual.now().monoMs + lagMs }),
  }
  const due: string[] = []
  const deadlines = telling(clock, (key) => due.push(key))
  deadlines.set('a/kill', 1100)
  deadlines.set('b/kill', 1100)
  lagMs = 3000
  clock.advance(100)
  t.same(due, [])
  clock.poll()
  // What has been read says that it ended in time.
  deadlines.set('a/kill', null)
  clock.advance(1)
  clock.poll()
  clock.poll()
  t.same(due, ['b/kill'])
  deadlines.set('c/kill', 4200)
  lagMs = 6000
  clock.advance(100)
  clock.poll()
  deadlines.set('c/kill', null)
  clock.poll()
  t.same(due, ['b/kill'], 'the last one, too')
})

/** Deadlines that all do the same. */
function telling(clock: Clock, onDue: (key: string) => void) {
  const deadlines = new Deadlines(clock)
  return {
    set(key: string, atMonoMs: number | null) {
      if (atMonoMs === null) deadlines.clear(key)
      else deadlines.set(key, atMonoMs, () => onDue(key))
    },
  }
}

function create() {
  const clock = createManualClock()
  const timers: number[] = []
  let made = 0
  const drop = (atMonoMs: number) => timers.splice(timers.indexOf(atMonoMs), 1)
  const due: string[] = []
  const react = new Map<string, () => void>()
  const counting = {
    ...clock,
    at(atMonoMs: number, callback: () => void) {
      timers.push(atMonoMs)
      made += 1
      const cancel = clock.at(atMonoMs, () => {
        drop(atMonoMs)
        callback()
      })
      return () => {
        drop(atMonoMs)
        cancel()
      }
    },
  }
  const deadlines = telling(counting, (key) => {
    due.push(key)
    react.get(key)?.()
  })
  return { clock, timers, timersMade: () => made, due, react, deadlines }
}
