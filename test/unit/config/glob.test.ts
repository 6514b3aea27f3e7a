import { join } from 'node:path'
import t from 'tap'
import { expandGlob } from '../../../src/config/glob.ts'

t.test(
  '* stands for any letters of a name, ? for one, and neither for a dot at its begin',
  async (t) => {
    const folder = t.testdir({
      ...{ 'a.yaml': '', 'b.yaml': '', 'ab.yaml': '', 'a.yml': '', '.a.yaml': '', 'x[1].yaml': '' },
      one: { 'a.yaml': '', deep: { 'a.yaml': '' } },
      two: { 'b.yaml': '' },
      '.three': { 'a.yaml': '' },
    })
    for (const [pattern, expected] of [
      ['*.yaml', ['a.yaml', 'ab.yaml', 'b.yaml', 'x[1].yaml']],
      ['?.yaml', ['a.yaml', 'b.yaml']],
      ['??.yaml', ['ab.yaml']],
      ['a*', ['a.yaml', 'a.yml', 'ab.yaml']],
      ['*a*.y*l', ['a.yaml', 'a.yml', 'ab.yaml']],
      ['*b*', ['ab.yaml', 'b.yaml']],
      ['.*.yaml', ['.a.yaml']],
      ['*/a.yaml', ['one/a.yaml']],
      ['*/*.yaml', ['one/a.yaml', 'two/b.yaml']],
      ['./one/../t*/b.yaml', ['two/b.yaml']],
      ['x[1]*', ['x[1].yaml']],
      ['*.none', []],
      ['none/*.yaml', []],
      ['a.yaml/*', []],
      ['*/*/*/*', []],
    ] as const) {
      const paths = expected.map((name) => join(folder, name))
      t.strictSame(expandGlob(pattern, folder), paths, pattern)
      t.strictSame(expandGlob(join(folder, pattern), '/nowhere'), paths, `absolute ${pattern}`)
    }
  },
)

t.test('what cannot be looked at is no file that is not there', async (t) => {
  const folder = t.testdir({
    loop: t.fixture('symlink', 'loop'),
    stale: t.fixture('symlink', 'none'),
  })
  t.strictSame(expandGlob('*', folder), [join(folder, 'loop')])
  t.strictSame(expandGlob('*/a.yaml', folder), [join(folder, 'loop/a.yaml')])
})

t.test('no pattern takes long', async (t) => {
  const folder = t.testdir({ ['a'.repeat(250)]: '' })
  t.strictSame(expandGlob(`${'*a'.repeat(100)}b`, folder), [])
})
