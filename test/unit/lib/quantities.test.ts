import t from 'tap'
import { parseQuantity } from '../../../src/lib/quantities.ts'

for (const [text, value] of [
  ['0.5', 0.5],
  ['128974848', 128_974_848],
  ['250m', 0.25],
  ['1.5k', 1500],
  ['129M', 129_000_000],
  ['1G', 1e9],
  ['2T', 2e12],
  ['1P', 1e15],
  ['1E', 1e18],
  ['1Ki', 1024],
  ['123Mi', 128_974_848],
  ['0.5Gi', 536_870_912],
  ['1Ti', 2 ** 40],
  ['1Pi', 2 ** 50],
  ['1Ei', 2 ** 60],
] as const) {
  t.test(`the quantity ${text} is ${value}`, async (t) => t.equal(parseQuantity(text), value))
}

t.test('what is no quantity is no number', async (t) => {
  for (const text of ['', 'Mi', '1K', '1ki', '1mi', '-1', '1 Mi', '1e3']) {
    t.ok(Number.isNaN(parseQuantity(text)), text)
  }
})
