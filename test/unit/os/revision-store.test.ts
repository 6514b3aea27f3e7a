import t from 'tap'
import type { Past } from '../../../src/core/state.ts'
import { TooMany } from '../../../src/os/revision-file.ts'
import { openRevisionStore } from '../../../src/os/revision-store.ts'
import { createManualClock } from '../../rig/manual-clock.ts'
import { folder } from '../../rig/supervise.ts'

const pastOf = (number: number): readonly Past[] => [
  { process: 'web', revisions: [], nextRevision: number },
]

/** A store on a disk that does what a test says, in time that it moves. */
function store(t: Parameters<typeof folder>[0]) {
  const clock = createManualClock()
  const told: string[] = []
  /** The numbers of what was written, in order, and how each write ends. */
  const written: number[] = []
  const ends: ((error?: Error) => void)[] = []
  const place = folder(t)
  const { keep, flush } = openRevisionStore(place, {
    clock,
    tell: (level, message) => void told.push(`${level} ${message.replace(place, 'DIR')}`),
    write: (_, [one]) =>
      new Promise((resolve, reject) => {
        written.push(one?.nextRevision ?? 0)
        ends.push((error) => (error ? reject(error) : resolve()))
      }),
  })
  return {
    ...{ clock, told, written, flush },
    keep: (number: number) => keep(pastOf(number)),
    /** Lets `ms` pass, and what follows from that happen. */
    async pass(ms: number) {
      clock.advance(ms)
      await settled()
    },
    /** The write that is under way ends. */
    async end(error?: Error) {
      ends.shift()?.(error)
      await settled()
    },
  }
}

/** What waits for promises alone has happened by then. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve))
const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
const gone = Object.assign(new Error('ENOENT: no such file or directory'), { code: 'ENOENT' })

t.test('what comes soon after is written together', async (t) => {
  const { keep, pass, end, written } = store(t)
  keep(1)
  await pass(20)
  keep(2)
  await pass(29)
  t.same(written, [])
  await pass(1)
  t.same(written, [2])
  await end()
  await pass(100_000)
  t.same(written, [2])
})

t.test('of what comes while a disk is slow the newest is written, and after a pause', async (t) => {
  const { keep, pass, end, written } = store(t)
  keep(1)
  await pass(50)
  keep(2)
  keep(3)
  await pass(500)
  t.same(written, [1], 'one write at a time')
  await end()
  await pass(4999)
  t.same(written, [1])
  await pass(1)
  t.same(written, [1, 3])
  await pass(60_000)
  await end()
  keep(4)
  await pass(9999)
  t.same(written, [1, 3])
  await pass(1)
  t.same(written, [1, 3, 4], 'no pause is longer than ten seconds')
})

t.test(
  'a failure is told once, tried again less and less often, and its end is told',
  async (t) => {
    const { keep, pass, end, written, told } = store(t)
    keep(1)
    await pass(50)
    for (const pauseMs of [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]) {
      await end(full)
      const { length } = written
      await pass(pauseMs - 1)
      t.equal(written.length, length)
      await pass(1)
      t.equal(written.length, length + 1)
    }
    const first =
      'warn cannot keep revisions in DIR: ENOSPC: no space left on device, write. They live on in memory'
    t.same(told, [first])
    keep(2)
    await end(gone)
    t.match(told[1], 'ENOENT: no such file or directory')
    await pass(60_000)
    t.equal(written.at(-1), 2, 'the newest of them')
    await end()
    t.equal(told[2], 'info revisions are kept in DIR again')
    await pass(1_000_000)
    t.equal(written.length, 10)
    keep(3)
    await pass(50)
    await end(full)
    t.equal(told[3], first)
    await pass(1000)
    t.equal(written.length, 12, 'the row of pauses begins anew')
  },
)

t.test('what is too much is not tried again, but the next is', async (t) => {
  const { keep, pass, end, written, told } = store(t)
  keep(1)
  await pass(50)
  await end(new TooMany('they take more than 1 byte'))
  await pass(1_000_000)
  t.same(written, [1])
  t.match(told, [/they take more than 1 byte/])
  keep(2)
  await pass(50)
  await end()
  t.same(written, [1, 2])
  t.match(told[1], 'again')
})

t.test('at the end what waits is written at once, whatever it waits for', async (t) => {
  for (const wait of ['gathering', 'pause', 'failure']) {
    const { keep, pass, end, written, flush } = store(t)
    keep(1)
    if (wait !== 'gathering') {
      await pass(50)
      await pass(wait === 'pause' ? 100 : 0)
      await end(wait === 'failure' ? full : undefined)
      keep(2)
      await pass(50)
    }
    const { length } = written
    let isOver = false
    const flushed = flush(500).then(() => (isOver = true))
    await settled()
    t.equal(written.length, length + 1, wait)
    t.notOk(isOver)
    await end()
    t.ok(isOver)
    await flushed
  }
})

t.test('at the end a write that is under way is followed by the newest', async (t) => {
  const { keep, pass, end, written, flush } = store(t)
  keep(1)
  await pass(50)
  keep(2)
  const flushed = flush(500)
  await end()
  t.same(written, [1, 2])
  await end()
  await flushed
})

t.test('the end waits for no disk that hangs, and not for one that fails', async (t) => {
  const hanging = store(t)
  hanging.keep(1)
  await hanging.pass(50)
  const late = hanging.flush(500)
  await hanging.pass(500)
  await late
  const failing = store(t)
  failing.keep(1)
  const flushed = failing.flush(500)
  await settled()
  await failing.end(full)
  await flushed
  t.match(failing.told, [/ENOSPC/])
  await store(t).flush(500)
})

t.test('without a folder nothing is known, kept or waited for', async (t) => {
  const clock = createManualClock()
  const { past, keep, flush } = openRevisionStore(null, { clock, tell: () => t.fail() })
  t.same(past, [])
  keep(pastOf(1))
  await flush(500)
})
