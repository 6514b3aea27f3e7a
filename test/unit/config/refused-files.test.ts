// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the config's own variables look the same
import t from 'tap'
import { problemsOf, web } from '../../rig/fields.ts'

t.test('what is told of one thing is one line, and not a long one', async (t) => {
  for (const [variable, told] of [
    ['A\\n%', '${A %} is no variable; allowed: '],
    ['NONE:?say\\nthis', '${NONE} has no value: say this'],
    ['x.'.repeat(500), `\${${'x.'.repeat(30)}…} is no variable; `],
  ] as const) {
    const [line = '', ...others] = await problemsOf(web(`args: ["\${${variable}}"]`))
    t.strictSame(others, [])
    t.ok(line.includes(`processes.web.args[0]: ${told}`), line)
  }
})

t.test('all that is wrong is told at once, one line each, from top to bottom', async (t) => {
  const text = `x-base: &base
  replica: 3
http: {port: 99999, hsot: a}
logs: {format: pretty}
processes:
  web:
    <<: *base
    command: node server.js | tee log
    replicas: \${NONE}
    terminationGracePeriodSeconds: 5m
    args: [1, "\${port.http}"]
  a.b: {}
  api:
`
  t.strictSame(await problemsOf(text), [
    'f.yaml:2:3: processes.web.replica: unknown key; did you mean "replicas"?',
    'f.yaml:3:14: http.port: found 99999; allowed: a whole number from 0 to 65535',
    'f.yaml:3:21: http.hsot: unknown key; did you mean "host"?',
    'f.yaml:4:16: logs.format: found "pretty"; allowed: prefix, json or raw',
    'f.yaml:8:14: processes.web.command: found "|", which only a shell understands; write a list, or [sh, -c, "..."] for a shell',
    'f.yaml:9:15: processes.web.replicas: ${NONE} has no value; set NONE, or write ${NONE:-default}',
    'f.yaml:10:36: processes.web.terminationGracePeriodSeconds: found "5m"; allowed: seconds from 0 to 2147483, such as 20, 0.5 or 20s',
    'f.yaml:11:12: processes.web.args[0]: found 1; allowed: a string, without NUL characters',
    'f.yaml:11:15: processes.web.args[1]: ${port.http} has no value: the process has no port "http"',
    'f.yaml:12:3: processes."a.b": found the key "a.b"; allowed: names of 1 to 63 letters, digits, "-" and "_" that begin and end with a letter or digit; "all" is reserved',
    'f.yaml:13:3: processes.api: found nothing; allowed: a map with command',
  ])
})

t.test('a file needs a process, and a process a command', async (t) => {
  for (const [text, line] of [
    ['', 'f.yaml:1:1: found nothing; allowed: a map with processes'],
    ['- a', 'f.yaml:1:1: found a list; allowed: a map with processes'],
    ['http: false', 'f.yaml:1:1: processes: missing; needed: a map with at least one process'],
    [
      'processes: {}',
      'f.yaml:1:12: processes: found an empty map; allowed: a map with at least one process',
    ],
    [
      'processes:',
      'f.yaml:1:1: processes: found nothing; allowed: a map with at least one process',
    ],
    [
      'processes: {web: {}}',
      'f.yaml:1:13: processes.web.command: missing; needed: a list of strings with at least one, or a string',
    ],
    [
      'processes: {web: {command: []}}',
      'f.yaml:1:28: processes.web.command: found an empty list; allowed: a list of strings with at least one, or a string',
    ],
    [
      'processes: {web: {command: ""}}',
      'f.yaml:1:28: processes.web.command: found an empty list; allowed: a list of strings with at least one, or a string',
    ],
    [
      'http: true\nprocesses: {web: {command: a}}',
      'f.yaml:1:7: http: found true; allowed: a map with host and port, or false',
    ],
  ] as const) {
    t.strictSame(await problemsOf(text), [line], text)
  }
})

t.test('names of processes follow the rule', async (t) => {
  for (const name of ['a', 'A-b_c', '9', 'a'.repeat(63), 'alls', 'constructor']) {
    t.strictSame(await problemsOf(`processes: {${name}: {command: a}}`), [], name)
  }
  for (const name of ['all', 'a.b', '-a', 'a-', '_a', 'a'.repeat(64), 'ä', '""', '__proto__']) {
    const [line = ''] = await problemsOf(`processes: {${name}: {command: a}}`)
    t.match(line, /found the key ".*"; allowed: names of 1 to 63 letters/, name)
  }
})
