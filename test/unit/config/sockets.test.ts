// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the config's own variables look the same
import t from 'tap'
import { parseConfig } from '../../../src/config/load.ts'
import { problemsIn } from '../../rig/problems.ts'

const problems = async (text: string) =>
  (await problemsIn(parseConfig(text, 'f.yaml', { env: {} }))).map((line) =>
    line.replace('f.yaml:', ''),
  )
const process = '\nprocesses: {p: {command: a}}'

t.test('a socket is at a port or at a path', async (t) => {
  t.same(
    await problems(`sockets: {a: {port: 1}, b: {host: "::1", port: 1, reusePort: true}}${process}`),
    [],
  )
  t.same(
    await problems(
      `sockets: {a: {}, b: {host: x}, c: {port: 1, mode: 600, owner: x}, d: {path: s, port: 2, host: y}}${process}`,
    ),
    [
      '1:14: sockets.a: it listens nowhere; needed: port or path',
      '1:21: sockets.b: it listens nowhere; needed: port or path',
      '1:45: sockets.c.mode: only a socket with path has it',
      '1:56: sockets.c.owner: only a socket with path has it',
      '1:80: sockets.d.port: found besides path; write one of them',
      '1:89: sockets.d.host: found besides path; write one of them',
    ],
  )
  const long = `/${'x'.repeat(107)}`
  t.match(await problems(`sockets: {a: {path: ${long}}}${process}`), [
    /^1:21: sockets\.a\.path: longer than 107 bytes: "\/xxx/,
  ])
  t.same(await problems(`sockets: {a: {path: ${long.slice(1)}}, b: {path: /ä}}${process}`), [
    // Relative paths become absolute, and so longer.
    `1:21: sockets.a.path: longer than 107 bytes: ${JSON.stringify(`${globalThis.process.cwd()}/${long.slice(1)}`.slice(0, 60))}`.replace(
      /"$/,
      '…"',
    ),
  ])
})

t.test('other values are told what is allowed', async (t) => {
  t.same(
    await problems(
      `sockets: {a: 80, b: {port: 65536}, c: {port: 1, backlog: 0}, d: {prt: 2}, a.b: {port: 3}, e: {path: x, owner: "a:b:c", mode: 8}}${process}`,
    ),
    [
      '1:14: sockets.a: found 80; allowed: a map with port, or with path',
      '1:28: sockets.b.port: found 65536; allowed: a whole number from 0 to 65535',
      '1:58: sockets.c.backlog: found 0; allowed: a whole number from 1 to 65535',
      '1:65: sockets.d: it listens nowhere; needed: port or path',
      '1:66: sockets.d.prt: unknown key; did you mean "port"?',
      '1:75: sockets."a.b": found the key "a.b"; allowed: names of 1 to 63 letters, digits, "-" and "_" that begin and end with a letter or digit; "all" is reserved',
      '1:111: sockets.e.owner: found "a:b:c"; allowed: USER or USER:GROUP, each a name or a number from 0 to 4294967294',
      '1:126: sockets.e.mode: found "8"; allowed: octal digits from 0 to 777, such as 027',
    ],
  )
})

t.test('no two listen at one address', async (t) => {
  for (const [sockets, message] of [
    ['{a: {port: 1}, b: {port: 1}}', 'sockets.a'],
    ['{a: {port: 1, reusePort: true}, b: {port: 1, reusePort: true}}', 'sockets.a'],
    ['{a: {port: 1}, b: {port: 1, host: 127.0.0.1}}', 'sockets.a'],
    ['{a: {port: 1, host: 127.0.0.1}, b: {port: 1, host: "::"}}', 'sockets.a'],
    ['{a: {port: 1, host: "::"}, b: {port: 1, host: "::1"}}', 'sockets.a'],
    ['{b: {port: 9099}}', 'http'],
    ['{a: {path: /x}, b: {path: /x}}', 'sockets.a'],
    ['{a: {port: 1, host: "::1"}, b: {port: 1}}', undefined],
    ['{a: {port: 1, host: 127.0.0.1}, b: {port: 1, host: 127.0.0.2}}', undefined],
    ['{a: {port: 0}, b: {port: 0}}', undefined],
    ['{a: {port: 1}, b: {port: 2}, c: {path: /x}}', undefined],
  ] as const) {
    const field = sockets.includes('path: /x}}') ? 'path' : 'port'
    const lines = (await problems(`sockets: ${sockets}${process}`)).map((line) =>
      line.replace(/^\d+:\d+: /, ''),
    )
    const expected = message && `sockets.b.${field}: ${message} listens there already`
    t.same(lines, expected === undefined ? [] : [expected], sockets)
  }
  t.same(await problems(`http: false\nsockets: {b: {port: 9099}}${process}`), [])
  t.same(await problems(`http: {host: 127.0.0.1, port: 1}\nsockets: {b: {port: 1}}${process}`), [
    '2:21: sockets.b.port: http listens there already',
  ])
})

t.test('a process names sockets that there are, once', async (t) => {
  const withSockets = (fields: string) =>
    problems(`sockets: {web: {port: 1}, admin: {port: 2}}\nprocesses: {p: {command: a, ${fields}}}`)
  t.same(await withSockets('sockets: [admin, web]'), [])
  t.same(await withSockets('sockets: [wbe, none, admin, admin]'), [
    '2:39: processes.p.sockets[0]: there is no socket "wbe"; did you mean "web"?',
    '2:44: processes.p.sockets[1]: there is no socket "none"',
    '2:57: processes.p.sockets[3]: "admin" is in the list already',
  ])
  t.same(await withSockets('sockets: web'), [
    '2:38: processes.p.sockets: found "web"; allowed: a list of names of sockets',
  ])
  t.same(await problems('processes: {p: {command: a, sockets: [web]}}'), [
    '1:39: processes.p.sockets[0]: there is no socket "web"',
  ])
})

t.test(
  '${socket.NAME} names a socket of the process, where the main process sees it',
  async (t) => {
    const withText = (fields: string) =>
      problems(
        `sockets: {web: {port: 1}, admin: {port: 2}}\nprocesses: {p: {sockets: [web], ${fields}}}`,
      )
    const variable = '"${socket.web}"'
    t.same(
      await withText(`command: [a, ${variable}], args: [${variable}], env: {A: ${variable}}`),
      [],
    )
    t.same(await withText('command: ["${socket.wbe}", "${socket.admin}"]'), [
      '2:43: processes.p.command[0]: ${socket.wbe} has no value: the process has no socket "wbe"; did you mean "web"?',
      '2:60: processes.p.command[1]: ${socket.admin} has no value: the process has no socket "admin"',
    ])
    t.match(
      await withText(
        `command: a, workingDir: ${variable}, readinessProbe: {exec: {command: [${variable}]}}`,
      ),
      [
        /workingDir: \$\{socket\.web\} can stand in command, args, env only$/,
        /readinessProbe\.exec\.command\[0\]: \$\{socket\.web\} can stand in command, args, env only$/,
      ],
    )
    t.match(await problems('http: {host: "${socket.web}"}\nprocesses: {p: {command: a}}'), [
      /http\.host: \$\{socket\.web\} can stand in command, args and env only$/,
    ])
  },
)

t.test('what is no name is refused, also where another is looked for among them', async (t) => {
  const field = 'sockets: [null, 3, {a: b}], args: ["${socket.a}"]'
  t.match(await problems(`processes: {p: {command: a, ${field}}}`), [
    /sockets\[0\]: found nothing; allowed: a string$/,
    /sockets\[1\]: found 3; /,
    /sockets\[2\]: found a map; /,
    /args\[0\]: \$\{socket.a\} has no value: the process has no socket "a"$/,
  ])
})
