import t from 'tap'
import { createMoves, lacksRight, type Move } from '../../../src/app/moves.ts'
import { SupervisorError } from '../../../src/lib/errors.ts'

const nowhere = { http: null, control: null }

/** A move that tells what becomes of it. */
function move(told: string[], name: string, commit = () => {}): Move {
  return {
    commit() {
      told.push(`${name} moves`)
      commit()
    },
    discard: () => told.push(`${name} is given up`),
  }
}

t.test('what was prepared is wanted while it is used, or never', async (t) => {
  const told: string[] = []
  const moves = createMoves([async () => move(told, 'one'), async () => null], (error) => {
    throw error
  })
  t.equal(await moves.prepare(nowhere, () => 7), 7)
  t.same(told.splice(0), ['one is given up'])
  await moves.prepare(nowhere, () => moves.move(nowhere))
  t.same(told.splice(0), ['one moves', 'one is given up'])
  moves.move(nowhere)
  t.same(told, [])
})

t.test('one that cannot be had gives up those that can, and nothing is used', async (t) => {
  const told: string[] = []
  const refusal = new SupervisorError('START_REFUSED', 'cannot', { cause: { code: 'EACCES' } })
  const moves = createMoves(
    [async () => move(told, 'one'), async () => Promise.reject(refusal)],
    () => {},
  )
  await t.rejects(
    moves.prepare(nowhere, () => t.fail('used')),
    refusal,
  )
  t.same(told, ['one is given up'])
  t.ok(lacksRight(refusal))
  t.notOk(lacksRight(new Error('EACCES')))
})

t.test('one that fails at last leaves the others to move, and is reported', async (t) => {
  const [told, reported]: [string[], unknown[]] = [[], []]
  const fails = () => {
    throw new Error('taken')
  }
  const movers = [async () => move(told, 'one', fails), async () => move(told, 'two')]
  const moves = createMoves(movers, (error) => reported.push(error))
  await moves.prepare(nowhere, () => moves.move(nowhere))
  t.same(told.slice(0, 2), ['one moves', 'two moves'])
  t.match(reported, [{ message: 'taken' }])
})
