import t from 'tap'
import { prefixColors, wantsColor } from '../../../src/output/colors.ts'

t.test(
  'processes that follow each other have different colours, however many there are',
  async (t) => {
    const names = Array.from({ length: 25 }, (_, index) => `p${index}`)
    const colors = prefixColors(names)
    for (const [index, name] of names.entries()) {
      t.type(colors(name), 'number')
      t.not(colors(name), colors(names[index + 1] ?? ''))
    }
  },
)

for (const [env, terminal, elsewhere] of [
  [{}, true, false],
  [{ NO_COLOR: '1' }, false, false],
  [{ NO_COLOR: '' }, true, false],
  [{ TERM: 'dumb' }, false, false],
  [{ FORCE_COLOR: '1', NO_COLOR: '1', TERM: 'dumb' }, true, true],
  [{ FORCE_COLOR: '' }, true, false],
  [{ FORCE_COLOR: '0' }, false, false],
  [{ FORCE_COLOR: 'false' }, false, false],
] as const) {
  t.test(`colours with ${JSON.stringify(env)}`, async (t) => {
    t.equal(wantsColor(env, true), terminal, 'on a terminal')
    t.equal(wantsColor(env, false), elsewhere, 'elsewhere')
  })
}
