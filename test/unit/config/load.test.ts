// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the config's own variables look the same
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { loadConfig, parseConfig } from '../../../src/config/load.ts'
import { problemsIn } from '../../rig/problems.ts'

const env = { RUN_AS: '1000', COUNT: '3', WORD: 'many', TEXT: 'a b $$ ${RUN_AS} ${instance.name}' }

const parse = (text: string) => parseConfig(text, '/srv/app/ringmaster.yaml', { env })

const problemsOf = (text: string) => problemsIn(parseConfig(text, 'f.yaml', { env }))

const web = (field: string) => `processes: {web: {command: a, ${field}}}`

t.test('the shortest file is one process with a command', async (t) => {
  t.strictSame(await parse('processes: {web: {command: node server.js}}'), {
    processes: { web: { command: ['node', 'server.js'] } },
  })
})

t.test('JSON is read, with tabs and a byte order mark', async (t) => {
  const text = '\uFEFF{\n\t"processes": {\n\t\t"web": {"command": ["a"]}\n\t}\n}'
  t.strictSame(await parse(text), { processes: { web: { command: ['a'] } } })
})

t.test('every field is read', async (t) => {
  const text = `
http: {host: 127.0.0.1, port: "80\${COUNT}"}
logs: {format: json}
processes:
  web:
    command: [node]
    args: --name \${instance.name} "\${TEXT}"
    env: {A: 1.10, MODE: 0755, YES: True, BIG: 12345678901234567890, NAME: "1"}
    workingDir: data/\${instance.number}
    replicas: \${COUNT}
    restartPolicy: OnFailure
    backoff: {initialSeconds: 0.5, factor: "1.5", maxSeconds: 20s, jitter: 0, resetAfterSeconds: "20"}
    stopSignal: RTMIN+3
    terminationGracePeriodSeconds: 0.5s
    securityContext: {runAsUser: "\${RUN_AS:-65534}", runAsGroup: staff}
`
  t.strictSame(await parse(text), {
    http: { host: '127.0.0.1', port: 803 },
    logs: { format: 'json' },
    processes: {
      web: {
        command: ['node'],
        args: ['--name', '${instance.name}', 'a b $$$$ $${RUN_AS} $${instance.name}'],
        env: { A: '1.10', MODE: '0755', YES: 'True', BIG: '12345678901234567890', NAME: '1' },
        workingDir: '/srv/app/data/${instance.number}',
        replicas: 3,
        restartPolicy: 'OnFailure',
        backoff: {
          initialSeconds: 0.5,
          factor: 1.5,
          maxSeconds: 20,
          jitter: 0,
          resetAfterSeconds: 20,
        },
        stopSignal: 37,
        terminationGracePeriodSeconds: 0.5,
        securityContext: { runAsUser: 1000, runAsGroup: 'staff' },
      },
    },
  })
})

t.test('http: false switches the endpoint off', async (t) => {
  t.equal((await parse('http: false\nprocesses: {web: {command: a}}')).http, false)
})

t.test(
  'anchors and merges of an x- key reach the processes, and the x- key nothing else',
  async (t) => {
    const text = `
x-base: &base {replicas: 2, env: &env {A: 1.0}}
x-other: \${NONE}
processes:
  web: {<<: *base, command: a}
  api: {<<: [*base, {replicas: 3}], command: b, env: {<<: *env, B: x}}
`
    t.strictSame(await parse(text), {
      processes: {
        web: { command: ['a'], replicas: 2, env: { A: '1.0' } },
        api: { command: ['b'], replicas: 2, env: { A: '1.0', B: 'x' } },
      },
    })
  },
)

t.test('workingDir starts at the folder of the file, whose dollars are letters', async (t) => {
  for (const [written, expected] of [
    ['data', '/srv/$$A/data'],
    ['../x', '/srv/x'],
    ['/opt', '/opt'],
    ['.', '/srv/$$A'],
  ] as const) {
    const config = await parseConfig(web(`workingDir: ${written}`), '/srv/$A/f.yaml', { env })
    t.equal(config.processes['web']?.workingDir, expected)
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

t.test('each field refuses what it cannot be', async (t) => {
  for (const [field, message] of [
    ['replicas: -1', 'replicas: found -1; allowed: a whole number from 0 to 1000, or auto'],
    ['replicas: 1001', 'replicas: found 1001; allowed: a whole number from 0 to 1000, or auto'],
    ['replicas: 1.5', 'replicas: found 1.5; allowed: a whole number from 0 to 1000, or auto'],
    [
      'replicas: "${WORD}"',
      'replicas: found "many"; allowed: a whole number from 0 to 1000, or auto',
    ],
    ['replicas: null', 'replicas: found nothing; allowed: a whole number from 0 to 1000, or auto'],
    ['replicas: "${instance.number}"', /replicas: \$\{instance.number\} can stand in command, /],
    ['restartPolicy: always', 'restartPolicy: found "always"; allowed: Always, OnFailure or Never'],
    [
      'stopSignal: SIGFOO',
      'stopSignal: found "SIGFOO"; allowed: a signal, such as SIGTERM, RTMIN+3 or 15',
    ],
    ['stopSignal: 32', /stopSignal: found "32"; allowed: a signal/],
    ['stopSignal: 0', /stopSignal: found "0"; allowed: a signal/],
    ['backoff: {factor: 0.5}', 'backoff.factor: found 0.5; allowed: a number from 1 to 1000'],
    ['backoff: {jitter: .nan}', 'backoff.jitter: found NaN; allowed: a number from 0 to 1'],
    ['backoff: {maxSeconds: -1s}', /backoff.maxSeconds: found "-1s"; allowed: seconds from 0/],
    ['backoff: 3', /backoff: found 3; allowed: a map with initialSeconds, factor, /],
    ['terminationGracePeriodSeconds: 3e9', /Seconds: found 3000000000; allowed: seconds from 0/],
    [
      'securityContext: {runAsUser: -1}',
      /runAsUser: found -1; allowed: a name, or a number from 0/,
    ],
    ['securityContext: {runAsUser: 4294967295}', /runAsUser: found 4294967295; allowed/],
    ['securityContext: {runAsUser: "1:2"}', /runAsUser: found "1:2"; allowed/],
    ['securityContext: {runAsRoot: true}', /runAsRoot: unknown key; did you mean "runAsGroup"/],
    ['securityContext: {procMount: a}', /procMount: unknown key; known here: runAsUser, /],
    ['env: {A: null}', /env.A: found nothing; allowed: a string, a number or a boolean/],
    ['env: {A: [b]}', /env.A: found a list; allowed: a string, a number or a boolean/],
    ['env: {"A=B": c}', 'env."A=B": found the key "A=B"; allowed: names of variables, without "="'],
    ['env: [A=b]', 'env[0]: found "A=b"; allowed: a map with name, value'],
    ['env: a', 'env: found "a"; allowed: a map, or a list of maps with name and value'],
    ['workingDir: ""', 'workingDir: found ""; allowed: a path'],
    ['args: ["a\\0b"]', /args\[0\]: found "a\\u0000b"; allowed: a string, without NUL characters/],
    ['args: a "b', 'args: found " without its closing "'],
    ['args: {a: b}', 'args: found a map; allowed: a list of strings, or a string'],
    ['img: nginx', /img: unknown key; known here: command, args, workingDir, env, /],
    ['image: a', /web\.image: has no meaning here; it may be kept under "kubernetes"$/],
    ['volumeMounts: []', /web\.volumeMounts: has no meaning here; it may be kept under /],
    ['kubernetes: [a]', /kubernetes: found a list; allowed: a map$/],
    ['resources: {requests: 3}', /requests: found 3; allowed: a map$/],
  ] as const) {
    const lines = await problemsOf(web(field))
    t.equal(lines.length, 1, field)
    if (typeof message === 'string') {
      t.match(lines[0], /^f\.yaml:1:\d+: processes\.web\./, field)
      t.equal(lines[0]?.replace(/^\S+ processes\.web\./, ''), message, field)
    } else {
      t.match(lines[0], message, field)
    }
  }
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

t.test('"__proto__" is a key like any other', async (t) => {
  const config = await parse(web('env: {__proto__: x, constructor: y}'))
  t.strictSame(Object.entries(config.processes['web']?.env ?? {}), [
    ['__proto__', 'x'],
    ['constructor', 'y'],
  ])
  t.match(
    await problemsOf('{"__proto__": {"polluted": 1}, "processes": {"w": {"command": "a"}}}'),
    [/^f.yaml:1:2: __proto__: unknown key/],
  )
  t.notOk('polluted' in {})
})

t.test('a file is loaded by its path', async (t) => {
  const folder = t.testdir({ 'a.yaml': 'processes: {web: {command: a, workingDir: .}}' })
  const config = await loadConfig([join(folder, 'a.yaml')], { env })
  t.equal(config.processes['web']?.workingDir, folder)
})

t.test('a file that cannot be read is told with the reason', async (t) => {
  const folder = t.testdir()
  mkdirSync(join(folder, 'folder'))
  writeFileSync(join(folder, 'long'), ' '.repeat(1024 * 1024 + 1))
  writeFileSync(
    join(folder, 'longest'),
    `processes: {web: {command: a}}\n${'#'.repeat(1024 * 1024 - 31)}`,
  )
  for (const [name, reason] of [
    ['none.yaml', 'there is no such file'],
    ['folder', 'it is a directory; name a file in it'],
    ['long', 'it is longer than 1048576 bytes'],
    ['a.yaml.j2', 'templates (.j2) are not yet supported'],
  ] as const) {
    const path = join(folder, name)
    await t.rejects(loadConfig([path], { env }), {
      code: 'CONFIG_INVALID',
      message: `cannot read ${path}: ${reason}`,
    })
  }
  await t.resolves(loadConfig([join(folder, 'longest')], { env }))
  await t.rejects(loadConfig(['a\0b'], { env }), {
    code: 'CONFIG_INVALID',
    message: /^cannot read /,
  })
})
