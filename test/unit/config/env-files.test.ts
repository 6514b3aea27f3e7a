// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the config's own variables look the same
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { loadFiles, parseConfig } from '../../../src/config/load.ts'
import { problemsIn } from '../../rig/problems.ts'

const env = { FILE: 'b.env', A: 'of Ringmaster' }

t.test('envFrom is stronger than the env of the defaults, and weaker than the own', async (t) => {
  const folder = t.testdir({
    'a.env': 'A=a\nB=a\nC=a\nD=a\n',
    'b.env': 'B=b\nC=b\n',
    'f.yaml': `
defaults: {env: {A: default, D: default, E: default, F: default}}
processes:
  web: {command: a, envFrom: [{file: a.env}, {file: "\${FILE}"}], env: {C: own, E: own, F: null}}
  api: {command: a, envFrom: [{file: b.env}, {file: a.env}]}
  db: {command: a, env: {D: own}}
`,
  })
  const {
    config: { processes },
  } = await loadFiles([join(folder, 'f.yaml')], { env })
  t.strictSame(processes, {
    web: { command: ['a'], env: { A: 'a', D: 'a', B: 'b', C: 'own', E: 'own' } },
    api: { command: ['a'], env: { A: 'a', D: 'a', E: 'default', F: 'default', B: 'a', C: 'a' } },
    db: { command: ['a'], env: { A: 'default', D: 'own', E: 'default', F: 'default' } },
  })
})

t.test('what stands in a file is text: nothing is expanded in it', async (t) => {
  const folder = t.testdir({
    'a.env': `\uFEFFA='\${A} $(A) $$ \${instance.name}'\r\nB="x y" # comment\nexport C=\n`,
  })
  const text = 'processes: {web: {command: a, envFrom: [{file: a.env}], env: {D: $(A)}}}'
  const { processes } = await parseConfig(text, join(folder, 'f.yaml'), { env })
  t.strictSame(processes['web']?.env, {
    A: '$${A} $$(A) $$$$ $${instance.name}',
    B: 'x y',
    C: '',
    D: '$(A)',
  })
})

t.test('files are those of the folder of the file that names them', async (t) => {
  const folder = t.testdir({
    'main.yaml': 'include: [sub/web.yaml]\nprocesses: {api: {command: a, envFrom: [{file: .env}]}}',
    '.env': 'A=main',
    sub: { '.env': 'A=sub', 'web.yaml': 'processes: {web: {command: a, envFrom: [{file: .env}]}}' },
  })
  const {
    config: { processes },
  } = await loadFiles([join(folder, 'main.yaml')], { env })
  t.strictSame([processes['api']?.env, processes['web']?.env], [{ A: 'main' }, { A: 'sub' }])
})

t.test('envFrom of a process replaces that of the defaults', async (t) => {
  const folder = t.testdir({ 'a.env': 'A=a', 'b.env': 'B=b' })
  const text = `
defaults: {envFrom: [{file: a.env}]}
processes: {web: {command: a}, api: {command: a, envFrom: [{file: b.env}]}, db: {command: a, envFrom: null}}
`
  const { processes } = await parseConfig(text, join(folder, 'f.yaml'), { env })
  t.strictSame(processes, {
    web: { command: ['a'], env: { A: 'a' } },
    api: { command: ['a'], env: { B: 'b' } },
    db: { command: ['a'] },
  })
})

t.test(
  'a file that cannot be used is told with its place; an optional one may only be missing',
  async (t) => {
    const folder = t.testdir({ 'bad.env': 'A=a\nB B=b\n', 'nul.env': 'A=a\0\n' })
    mkdirSync(join(folder, 'folder'))
    writeFileSync(join(folder, 'long.env'), `A=${'a'.repeat(1024 * 1024)}`)
    const text = `processes:
  web:
    command: a
    envFrom:
      - {file: none.env, optional: true}
      - {file: none.env}
      - {file: folder, optional: true}
      - {file: bad.env}
      - {file: nul.env}
      - {file: long.env}
      - {}
      - {file: ''}
      - {fil: a}
    comand: b
`
    const lines = await problemsIn(parseConfig(text, join(folder, 'f.yaml'), { env }))
    t.strictSame(
      lines.map((line) => line.replaceAll(`${folder}/`, '').replace('processes.web.', '')),
      [
        'f.yaml:6:16: envFrom[1].file: cannot read none.env: there is no such file',
        'f.yaml:7:16: envFrom[2].file: cannot read folder: it is a directory; name a file in it',
        'f.yaml:8:16: envFrom[3].file: cannot read bad.env: "B B" is no name of a variable',
        'f.yaml:9:16: envFrom[4].file: cannot read nul.env: A holds a NUL character',
        'f.yaml:10:16: envFrom[5].file: cannot read long.env: it is longer than 1048576 bytes',
        'f.yaml:11:9: envFrom[6].file: missing; needed: a path',
        'f.yaml:12:16: envFrom[7].file: found ""; allowed: a path',
        'f.yaml:13:9: envFrom[8].file: missing; needed: a path',
        'f.yaml:13:10: envFrom[8].fil: unknown key; did you mean "file"?',
        'f.yaml:14:5: comand: unknown key; did you mean "command"?',
      ],
    )
  },
)

t.test('a file of the defaults reaches every process, and is told once', async (t) => {
  const folder = t.testdir({ 'a.env': 'A=a' })
  const names = Array.from({ length: 2000 }, (_, index) => `  p${index}: {command: a}`)
  const text = `defaults: {envFrom: [{file: a.env}]}\nprocesses:\n${names.join('\n')}`
  const { processes } = await parseConfig(text, join(folder, 'f.yaml'), { env })
  t.ok(Object.values(processes).every(({ env }) => env?.['A'] === 'a'))
  rmSync(join(folder, 'a.env'))
  t.strictSame((await problemsIn(parseConfig(text, join(folder, 'f.yaml'), { env }))).length, 1)
})
