// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the config's own variables look the same
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { folderOf } from '../../rig/config-files.ts'

t.test(
  'a file is stronger than what it includes, and that sorted, in the order of the list',
  async (t) => {
    const { load } = folderOf(t, {
      'main.yaml': `
include: ['conf.d/*.yaml', more/one.yaml]
processes: {web: {env: {main: main}}}
`,
      'conf.d/10.yaml':
        'processes: {web: {command: ten, env: {ten: ten, twenty: ten, one: ten, main: ten}}}',
      'conf.d/20.yaml': 'processes: {web: {env: {twenty: twenty, one: twenty, main: twenty}}}',
      'conf.d/.hidden.yaml': 'processes: {hidden: {command: a}}',
      'conf.d/30.yml': 'processes: {other: {command: a}}',
      'more/one.yaml': 'include: [../two.yaml]\nprocesses: {web: {env: {one: one, main: one}}}',
      'two.yaml': 'processes: {web: {env: {one: two, two: two}}}',
    })
    t.strictSame(await load(['main.yaml']), {
      processes: {
        web: {
          command: ['ten'],
          env: { ten: 'ten', twenty: 'twenty', one: 'one', main: 'main', two: 'two' },
        },
      },
    })
  },
)

t.test('an include may hold variables, and match nothing when it is a pattern', async (t) => {
  const { load } = folderOf(t, {
    'main.yaml': "include: ['${HOST}/*.yaml', 'none/*/?.yaml']\nprocesses: {a: {command: a}}",
    'example.org/b.yaml': 'processes: {b: {command: b}}',
  })
  t.strictSame(Object.keys((await load(['main.yaml'])).processes), ['b', 'a'])
})

t.test('a file cannot include itself, by whatever way', async (t) => {
  const { folder, problems } = folderOf(t, {
    'a.yaml': 'include: [b.yaml]\nprocesses: {a: {command: a}}',
    'b.yaml': 'include: [sub/c.yaml]',
    'sub/c.yaml': 'include: [../a*.yaml]',
    'self.yaml': 'include: [link.yaml]\nprocesses: {a: {command: a}}',
  })
  t.strictSame(await problems('a.yaml'), [
    'sub/c.yaml:1:11: include[0]: cannot include a.yaml: it includes itself: a.yaml -> b.yaml -> sub/c.yaml -> a.yaml',
  ])
  symlinkSync('self.yaml', join(folder, 'link.yaml'))
  t.strictSame(await problems('self.yaml'), [
    'self.yaml:1:11: include[0]: cannot include link.yaml: it includes itself: self.yaml -> link.yaml',
  ])
})

t.test('a file that two others include is read for both', async (t) => {
  const { load } = folderOf(t, {
    'main.yaml': 'include: [a.yaml, b.yaml]',
    'a.yaml': 'include: [base.yaml]\nprocesses: {web: {args: [a], replicas: 2}}',
    'b.yaml': 'include: [base.yaml]\nprocesses: {web: {replicas: 3}}',
    'base.yaml': 'processes: {web: {command: base, args: [base]}}',
  })
  t.strictSame((await load(['main.yaml'])).processes, {
    web: { command: ['base'], args: ['base'], replicas: 3 },
  })
})

t.test('a file that cannot be included is told with the reason', async (t) => {
  const { folder, problems } = folderOf(t, {
    'main.yaml': `include:
  - folder
  - a*
  - closed.yaml
  - a.yaml/x
  - 'bad/*'
  - '**/x.yaml'
  - 'lo*'
  - 'lo*/*'
processes: {a: {command: a}}`,
    'a.yaml.j2': '',
    'latin.yaml': '',
    'closed.yaml': '{}',
    'more.yaml': 'include: [latin.yaml]\nprocesses: {a: {command: a}}',
  })
  mkdirSync(join(folder, 'folder'))
  symlinkSync('loop', join(folder, 'loop'))
  mkdirSync(join(folder, 'bad/a'), { recursive: true })
  mkdirSync(join(folder, 'bad/b'))
  chmodSync(join(folder, 'closed.yaml'), 0)
  const reasons = [
    'main.yaml:2:5: include[0]: cannot include folder: it is a directory; name a file in it',
    'main.yaml:3:5: include[1]: cannot include a.yaml.j2: templates (.j2) are not yet supported',
    ...(process.getuid?.() === 0
      ? []
      : ['main.yaml:4:5: include[2]: cannot include closed.yaml: reading it is not permitted']),
    'main.yaml:5:5: include[3]: cannot include a.yaml/x: there is no such file',
    'main.yaml:6:5: include[4]: cannot include bad/a: it is a directory; name a file in it',
    'main.yaml:6:5: include[4]: cannot include bad/b: it is a directory; name a file in it',
    'main.yaml:7:5: include[5]: "**" is not supported; write a pattern for each depth',
    "main.yaml:8:5: include[6]: cannot include loop: ELOOP: too many symbolic links encountered, open 'loop'",
    "main.yaml:9:5: include[7]: cannot list lo*/*: ELOOP: too many symbolic links encountered, scandir 'loop'",
  ]
  t.strictSame(await problems('main.yaml'), reasons)
  writeFileSync(join(folder, 'latin.yaml'), Buffer.from('# gr\xfc\xdfe\n', 'latin1'))
  t.strictSame(await problems('more.yaml'), [
    'more.yaml:1:11: include[0]: cannot include latin.yaml: it is not UTF-8',
  ])
})

t.test('the number of files has a bound', async (t) => {
  const { folder, load, problems } = folderOf(t, {
    'main.yaml': "include: ['d/*.yaml']\nprocesses: {a: {command: a}}",
  })
  mkdirSync(join(folder, 'd'))
  for (let n = 1; n <= 1000; n++) writeFileSync(join(folder, `d/${n}.yaml`), '{}')
  t.strictSame(await problems('main.yaml'), [
    'main.yaml:1:11: include[0]: there are more than 1000 files',
  ])
  writeFileSync(join(folder, 'main.yaml'), "include: ['d/???.yaml']\nprocesses: {a: {command: a}}")
  await t.resolves(load(['main.yaml']))
})
