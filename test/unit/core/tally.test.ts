import t from 'tap'
import { createInstance } from '../../../src/core/initial-state.ts'
import type { Instance } from '../../../src/core/instance-state.ts'
import { count, countOn, headcount } from '../../../src/core/tally.ts'
import { processSpec } from '../../rig/specs.ts'

const make = (number: number, given: Partial<Instance> = {}, process = 'web'): Instance => ({
  ...createInstance(processSpec(process), number, true, { revision: 1, epoch: 1 }),
  ...given,
})
const waiting = { isWaiting: true }

t.test('what goes on from one list to the next is what counting anew finds', async (t) => {
  const [one, two, three] = [make(1), make(2, waiting), make(3, waiting)]
  const before = [one, two]
  t.equal(count(before, 'isWaiting'), 1)
  const after = [one, three]
  countOn(before, after, [two], [three])
  const last = [one, three, two]
  countOn(after, last, [], [two])
  t.same(
    [before, after, last].map((list) => [
      count(list, 'isWaiting'),
      headcount(list, 'web').all,
      count(list, 'isBusy'),
    ]),
    [
      [1, 2, 1],
      [1, 2, 1],
      [2, 3, 1],
    ],
    'and each list has its own, also when it is asked again',
  )
})

t.test('a process is told what its instances want that stay and are not given up', async (t) => {
  const unwanted = { isWanted: false }
  const list = [
    ...[make(1), make(2, unwanted), make(3, { isLeaving: true }), make(4, { isGivenUp: true })],
    ...[make(1, {}, 'db'), make(5, { ...unwanted, isLeaving: true })],
  ]
  t.same(headcount(list, 'web'), { all: 5, wanted: 1, unwanted: 1 })
  t.same(headcount(list, 'db'), { all: 1, wanted: 1, unwanted: 0 })
  t.same(headcount(list, 'cache'), { all: 0, wanted: 0, unwanted: 0 })
  const rest = list.filter(({ process }) => process === 'web')
  countOn(list, rest, [make(1, {}, 'db')], [])
  t.same(headcount(rest, 'db'), { all: 0, wanted: 0, unwanted: 0 })
})
