import t from 'tap'
import { fillReferences, inReferenceOrder } from '../../../src/plan/references.ts'

const orderOf = (env: Readonly<Record<string, string>>) => Object.entries(inReferenceOrder(env))

t.test('a reference is the value, two dollars are one, all else stays', async (t) => {
  const env = { A: 'a', DOLLARS: '$(A) $$', EMPTY: '', NONE: undefined }
  for (const [template, text] of [
    ['$(A)$(A) $(EMPTY).', 'aa .'],
    ['$(DOLLARS)', '$(A) $$'],
    ['$$(A) $$$(A) $$', '$(A) $a $'],
    ['$(B) $(NONE) $(toString) $A ${A} $( A) $', '$(B) $(NONE) $(toString) $A ${A} $( A) $'],
  ] as const) {
    t.equal(fillReferences(template, env), text, template)
  }
})

t.test('a variable comes after those that it refers to, and else where it was', async (t) => {
  t.strictSame(orderOf({ A: '$(C) $(B)', B: 'x', C: '$(D)', D: 'd', E: '$$(F)', F: 'f' }), [
    ['D', 'd'],
    ['C', '$(D)'],
    ['B', 'x'],
    ['A', '$(C) $(B)'],
    ['E', '$$(F)'],
    ['F', 'f'],
  ])
  t.strictSame(
    orderOf({ B: '$(A)', A: '$(NONE) $(toString) $(__proto__)' }).map(([name]) => name),
    ['A', 'B'],
  )
})

t.test('a variable that refers to itself, also by others, is no endless loop', async (t) => {
  t.strictSame(
    orderOf({ PATH: '$(PATH):/bin', A: '$(B)', B: '$(C)', C: '$(A)' }).map(([name]) => name),
    ['PATH', 'C', 'B', 'A'],
  )
})

t.test('no chain is too long', async (t) => {
  const count = 50_000
  const env = Object.fromEntries(
    Array.from({ length: count }, (_, n) => [`A${n}`, `$(A${n + 1}) $(A${n + 1})`]),
  )
  t.equal(Object.keys(inReferenceOrder(env))[0], `A${count - 1}`)
})
