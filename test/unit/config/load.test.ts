// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the config's own variables look the same
import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { loadFiles, parseConfig } from '../../../src/config/load.ts'
import { parse, problemsOf, web } from '../../rig/fields.ts'

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
        workingDir: '/srv/data/${instance.number}',
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
    const config = await parseConfig(web(`workingDir: ${written}`), '/srv/$A/f.yaml', { env: {} })
    t.equal(config.processes['web']?.workingDir, expected)
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
  const { config } = await loadFiles([join(folder, 'a.yaml')], { env: {} })
  t.equal(config.processes['web']?.workingDir, folder)
})

t.test('a file that cannot be read is told with the reason', async (t) => {
  const folder = t.testdir()
  mkdirSync(join(folder, 'folder'))
  writeFileSync(join(folder, 'long'), ' '.repeat(1024 * 1024 + 1))
  execFileSync('mkfifo', [join(folder, 'pipe')])
  symlinkSync('/dev/zero', join(folder, 'device'))
  writeFileSync(
    join(folder, 'longest'),
    `processes: {web: {command: a}}\n${'#'.repeat(1024 * 1024 - 31)}`,
  )
  for (const [name, reason] of [
    ['none.yaml', 'there is no such file'],
    ['folder', 'it is a directory; name a file in it'],
    ['long', 'it is longer than 1048576 bytes'],
    // Opened as others are, both would keep us for ever.
    ['pipe', 'it is no file'],
    ['device', 'it is no file'],
    ['a.yaml.j2', 'templates (.j2) are not yet supported'],
  ] as const) {
    const path = join(folder, name)
    await t.rejects(loadFiles([path], { env: {} }), {
      code: 'CONFIG_INVALID',
      message: `cannot read ${path}: ${reason}`,
    })
  }
  await t.resolves(loadFiles([join(folder, 'longest')], { env: {} }))
  await t.rejects(loadFiles(['a\0b'], { env: {} }), {
    code: 'CONFIG_INVALID',
    message: /^cannot read /,
  })
})
