import t from 'tap'
import { accessOf } from '../../../../src/api/control/access.ts'
import type { Access, AccessSpec } from '../../../../src/plan/plan.ts'

const [own, other] = [true, false].map((isOwn) => ({ pid: 9, uid: isOwn ? 0 : 1000, isOwn }))
const usual: AccessSpec = { others: 'read', descendants: null }

t.test('who may do what', async (t) => {
  const table: readonly (readonly [string, typeof own, boolean, AccessSpec, Access])[] = [
    ['root and our own user control', own, false, usual, 'control'],
    ['others read', other, false, usual, 'read'],
    ['others do not even read', other, false, { ...usual, others: 'none' }, 'none'],
    ['a descendant reads, whatever its user', own, true, usual, 'read'],
    ['a descendant that is somebody else reads as they do', other, true, usual, 'read'],
    ['and as little', other, true, { ...usual, others: 'none' }, 'none'],
    [
      'a descendant controls where that is written',
      own,
      true,
      { ...usual, descendants: 'control' },
      'control',
    ],
    ['whatever its user', other, true, { others: 'none', descendants: 'control' }, 'control'],
    [
      'a descendant is kept out where that is written',
      own,
      true,
      { ...usual, descendants: 'none' },
      'none',
    ],
  ]
  for (const [title, who, isDescendant, access, expected] of table) {
    t.equal(accessOf(who && { ...who, isDescendant }, access), expected, title)
  }
  t.equal(accessOf(undefined, usual), 'none', 'who is not known does nothing')
})
