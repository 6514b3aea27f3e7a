import t, { type Test } from 'tap'
import { Doors, tcp } from '../../../src/app/doors.ts'
import type { TcpSocket } from '../../../src/os/tcp.ts'
import { createManualClock } from '../../rig/manual-clock.ts'

const wide: TcpSocket = { fd: 1, host: '::', port: 80 }
const narrow: TcpSocket = { fd: 2, host: '127.0.0.1', port: 80 }
const other: TcpSocket = { fd: 3, host: '::', port: 81 }

function doors(t: Test) {
  const clock = createManualClock()
  const open = new Set<number>()
  const all = new Doors<TcpSocket>({
    ...tcp,
    clock,
    onLeave() {},
    report: (error) => t.fail(`${error}`),
  })
  const letIn = async (fd: number) => {
    open.add(fd)
    return { close: () => open.delete(fd) }
  }
  return {
    ...{ all, clock },
    /** Those that are open, after the event loop has looked twice for who waits. */
    async seen() {
      await all.open(letIn)
      clock.poll()
      clock.poll()
      await Promise.resolve()
      return [...open]
    },
  }
}

t.test('an address that is given up closes after who waits there was let in', async (t) => {
  const { all, clock, seen } = doors(t)
  all.move(wide)
  t.same(await seen(), [1])
  all.move(other)
  clock.poll()
  t.same(all.sockets, [wide, other])
  t.same(await seen(), [3])
  all.move(null)
  t.same(await seen(), [])
})

t.test('a narrow address stays beside a wide one; a wide one goes a second later', async (t) => {
  const { all, clock, seen } = doors(t)
  all.move(narrow)
  all.move(wide)
  t.same(await seen(), [2, 1])
  clock.advance(60_000)
  t.same(await seen(), [2, 1])
  all.move(narrow)
  clock.advance(999)
  t.same(await seen(), [2, 1])
  clock.advance(1)
  t.same(await seen(), [2])
})

t.test('what is wanted again before it has closed stays open', async (t) => {
  const { all, clock, seen } = doors(t)
  all.move(wide)
  await seen()
  all.move(narrow)
  clock.advance(600)
  all.move(wide)
  clock.advance(600)
  t.same(await seen(), [1, 2])
  all.move(narrow)
  clock.advance(600)
  t.same(await seen(), [1, 2], 'the second is that of the last time')
})

t.test('who waits before anybody can be let in is let in, also where it closes then', async (t) => {
  const { all, clock, seen } = doors(t)
  all.move(wide)
  all.move(other)
  clock.poll()
  clock.poll()
  t.same(all.sockets, [wide, other])
  t.same(await seen(), [3])
})
