// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the config's own variables look the same
import t from 'tap'
import { problemsOf, web } from '../../rig/fields.ts'

t.test('what YAML cannot read is told with its place', async (t) => {
  for (const [text, line] of [
    [
      'processes:\n  w: {command: a}\n  w: {command: b}',
      'f.yaml:3:3: this key is in the map already; remove one of the two',
    ],
    [
      'processes: {w: {command: a}}\n---\nb: 1',
      'f.yaml:2:1: a second document begins here; allowed: one',
    ],
    ['processes: {w: {command: *x}}', 'f.yaml:1:26: "*x" has no anchor "&x" before it'],
    ['processes: {w: {<<: 3, command: a}}', 'f.yaml:1:17: "<<" merges maps only'],
    ['processes: {[a]: 1}', 'f.yaml:1:13: found a key that is no string; allowed: strings'],
    ['processes: {w: {command: !foo a}}', 'f.yaml:1:26: Unresolved tag: !foo'],
    [
      'processes: {w: {command: a, env: !!omap [A: b]}}',
      'f.yaml:1:34: Unresolved tag: tag:yaml.org,2002:omap',
    ],
    [
      'processes: {w: {command: a}, v: {command: b, dependsOn: !!set {w}}}',
      'f.yaml:1:57: Unresolved tag: tag:yaml.org,2002:set',
    ],
    [
      'processes: {w: {command: a, resources: {requests: !!binary aGVs}}}',
      'f.yaml:1:51: Unresolved tag: tag:yaml.org,2002:binary',
    ],
    ['a: {b: 80${C}, d: [e]}', /^f.yaml:1:11: Unexpected flow-map-start/],
    ['processes:\n\tw: 1', 'f.yaml:2:1: Tabs are not allowed as indentation'],
    ['processes: {w: {command: "a}}', /^f.yaml:1:\d+: Missing closing "quote/],
  ] as const) {
    const lines = await problemsOf(text)
    if (typeof line === 'string') t.strictSame(lines, [line], text)
    else
      t.ok(
        lines.some((found) => line.test(found)),
        text,
      )
  }
})

t.test('a small file cannot take all time or memory', async (t) => {
  const nested = [...'bcdefgh'].map((name, index) => {
    const before = Array(9).fill(`*${'abcdefg'[index]}`)
    return `x-${name}: &${name} [${before}]`
  })
  const bomb = `x-a: &a [x]\n${nested.join('\n')}\nprocesses: {w: {command: *h}}`
  t.strictSame(await problemsOf(bomb), ['f.yaml:1:1: anchors are used more than 1000 times'])
  const many = `x-a: &a b\nx-c: [${Array(1001).fill('*a')}]`
  t.match(await problemsOf(many), [/^f.yaml:2:\d+: anchors are used more than 1000 times$/])
  t.match(await problemsOf(`x-a: ${'['.repeat(20_000)}`), [/nested too deeply$/])
  const deep = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`
  const inside = (value: string) => `processes: {w: {command: a, kubernetes: {a: ${value}}}}`
  t.strictSame(await problemsOf(inside(deep(96))), [])
  t.match(await problemsOf(inside(deep(97))), [
    /^f.yaml:1:1: maps and lists are nested too deeply$/,
  ])
  t.match(
    await problemsOf(`x-a: &a ${deep(60)}\n${inside(`[${deep(50).replace('[]', '[*a]')}]`)}`),
    [/nested too deeply$/],
  )
  t.match(await problemsOf(`processes: {w: {command: "${'${'.repeat(300_000)}"}}`), [/has no "}"/])
  const each = (of: (index: number) => string) =>
    Array.from({ length: 10_000 }, (_, index) => of(index)).join(', ')
  const all = each((index) => `p${index}: {command: a}`)
  for (const [text, problems] of [
    [`processes: {${each((index) => `p${index}: {command: a, dependsOn: [q${index}]}`)}}`, 10_000],
    [`processes: {${all}}\ngroups: {g: {processes: [${each((index) => `q${index}`)}]}}`, 10_000],
    [
      `sockets: {${each((index) => `s${index}: {path: a${index}}`)}}\nprocesses: {a: {command: a, sockets: [${each((index) => `t${index}`)}]}}`,
      10_000,
    ],
    [
      web(
        `ports: [${each((index) => `{name: p${index}, containerPort: 1}`)}], args: [${each((index) => `"\${port.q${index}}"`)}]`,
      ),
      10_000,
    ],
    [`defaults: {logs: {stdout: {file: a}}}\nprocesses: {${all}}`, 1],
    [
      `x-a: &a {${each((index) => `A${index}: 1`)}}\n${web(`env: {<<: *a, ${each((index) => `B${index}: 1`)}}`)}`,
      0,
    ],
  ] as const) {
    t.equal((await problemsOf(text)).length, problems, text.slice(0, 80))
  }
  const keys = Array.from({ length: 20_000 }, (_, index) => `key${index}: 1`)
  t.equal((await problemsOf(keys.join('\n'))).length, 20_001)
})

t.test('an anchor that holds itself is no endless loop', async (t) => {
  for (const [text, line] of [
    ['processes: {w: {command: &a [x, *a]}}', 'f.yaml:1:33: "*a" stands within its own anchor'],
    [
      'processes: {w: {command: a, kubernetes: &k {b: [{c: *k}]}}}',
      'f.yaml:1:53: "*k" stands within its own anchor',
    ],
    ['processes: {w: &w {<<: *w, command: a}}', 'f.yaml:1:24: "*w" stands within its own anchor'],
  ] as const) {
    t.strictSame(await problemsOf(text), [line])
  }
})
