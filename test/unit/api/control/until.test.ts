import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { Waiters } from '../../../../src/api/control/until.ts'
import { createHistory } from '../../../../src/observe/history.ts'
import { createManualClock } from '../../../rig/manual-clock.ts'

function setUp() {
  const clock = createManualClock()
  const report = (error: unknown) => {
    throw error
  }
  const history = createHistory({ later: setImmediate, report })
  const happen = async () => {
    history.change({ type: 'internalError', at: clock.now(), message: 'something' })
    await turn()
    await turn()
  }
  return { clock, happen, waiters: new Waiters({ clock, history }) }
}

t.test('who waits looks at once when something has happened', async (t) => {
  const { happen, waiters } = setUp()
  let answer: string | undefined
  const waiting = waiters.until(() => answer, AbortSignal.timeout(10_000))
  await happen()
  answer = 'there'
  await happen()
  t.equal(await waiting, 'there')
})

t.test(
  'a look that takes long is rare, and what happens before the next is not missed',
  async (t) => {
    const { clock, happen, waiters } = setUp()
    let looks = 0
    let answer: string | undefined
    const look = () => {
      looks += 1
      clock.advance(1)
      return answer
    }
    const waiting = waiters.until(look, AbortSignal.timeout(10_000))
    for (let i = 0; i < 20; i++) await happen()
    t.equal(looks, 2, 'the first, and one of what has happened')
    answer = 'there'
    await happen()
    clock.advance(48)
    await turn()
    t.equal(looks, 2)
    clock.advance(1)
    t.equal(await waiting, 'there')
    t.equal(looks, 3)
  },
)
