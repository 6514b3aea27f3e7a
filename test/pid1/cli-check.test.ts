import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { root } from '../rig/fixtures.ts'
import { alone } from '../rig/ringmaster.ts'
import { folder } from '../rig/supervise.ts'

function config(t: Test, text: string): string {
  const path = join(folder(t), 'ringmaster.yaml')
  writeFileSync(path, text)
  return path
}

async function ringmaster(t: Test, args: readonly string[], env: Record<string, string> = {}) {
  return (await alone(t, args, { env })).end()
}

const sound = `
shutdown: {drainSeconds: 2, terminationGracePeriodSeconds: 60}
processes:
  web: {command: node server.js, replicas: 2, terminationGracePeriodSeconds: 20, securityContext: {runAsUser: app}}
  long-name: {command: [sh, -c, "echo 'a  b' $$1 $(NAME)"], securityContext: {runAsUser: 0}, restartPolicy: Never, killMode: group, stopSignal: QUIT}
  none: {command: a, replicas: 0, restartLimit: null, securityContext: {runAsUser: 0}}
`

t.test(
  'what is named on a command line may be a pipe, which is not waited for without end',
  async (t) => {
    const text = 'processes: {web: {command: a, securityContext: {runAsUser: 0}}}'
    const path = config(t, text)
    const shell = `(sleep 0.2; cat ${path}) | exec "$@"`
    const by = ['sh', '-c', shell, 'sh']
    const read = await (await alone(t, ['check', '/dev/stdin'], { by })).end()
    t.match(read, { code: 0, stdout: /^\/dev\/stdin: valid\n/ })
    const pipe = join(folder(t), 'pipe')
    execFileSync('mkfifo', [pipe])
    const { code, stderr } = await ringmaster(t, ['run', pipe])
    t.equal(code, 78)
    t.match(stderr, /cannot read .*pipe: nobody writes into this pipe/)
  },
)

t.test('check prints the plan and the times of a shutdown', async (t) => {
  const path = config(t, sound)
  const { code, stdout, stderr } = await ringmaster(t, ['check', path])
  t.same({ code, stderr }, { code: 0, stderr: '' })
  t.same(stdout.split('\n'), [
    `${path}: valid`,
    '',
    'PROCESS    REPLICAS  USER  RESTART              STOP                   COMMAND',
    'web        2         app   Always, 20 in 600 s  SIGTERM, 20 s, staged  node server.js',
    `long-name  1         0     Never                SIGQUIT, 10 s, group   sh -c "echo 'a  b' $1 $(NAME)"`,
    'none       0         0     Always, no limit     SIGTERM, 10 s, staged  a',
    '',
    'Shutdown, 60 s at most:',
    '  0 s   to 2 s   drain',
    '  2 s   to 22 s  stop web',
    '  2 s   to 12 s  stop long-name',
    '  22 s  to 23 s  sweep',
    '',
  ])
})

t.test('check tells where sockets are and for whom, and of one that is for nobody', async (t) => {
  const path = config(
    t,
    `
sockets: {web: {port: 80}, six: {host: "::1", port: 81}, file: {path: /run/file, backlog: 65535}}
defaults: {securityContext: {runAsUser: 1}}
processes:
  web: {command: a, sockets: [web, six]}
  late: {command: b, sockets: [six], onDemand: true}
`,
  )
  const { code, stdout } = await ringmaster(t, ['check', '--strict', path])
  t.equal(code, 1)
  const lines = stdout.split('\n')
  t.same(lines.slice(2, 10), [
    'PROCESS  REPLICAS  USER  START                   RESTART              STOP                   COMMAND',
    'web      1         1     at once                 Always, 20 in 600 s  SIGTERM, 10 s, staged  a',
    'late     1         1     on a connection to six  Always, 20 in 600 s  SIGTERM, 10 s, staged  b',
    '',
    'SOCKET  ADDRESS     PROCESSES',
    'web     0.0.0.0:80  web',
    'six     [::1]:81    web, late',
    'file    /run/file   -',
  ])
  const most = Number(readFileSync('/proc/sys/net/core/somaxconn', 'utf8'))
  const cut = `warning: sockets.file.backlog: 65535 is cut to ${most}, the kernel's net.core.somaxconn`
  t.same(
    lines.filter((line) => line.includes('sockets.')),
    [
      'warning: sockets.file: no process has it, so that who connects waits for ever',
      ...(most < 65_535 ? [cut] : []),
    ],
  )
})

t.test('check tells what starts wait for, and when what is cut in a shutdown', async (t) => {
  const path = config(
    t,
    `
shutdown: {terminationGracePeriodSeconds: 12}
defaults: {securityContext: {runAsUser: 1}, restartLimit: null}
processes:
  web: {command: a, dependsOn: {db: ready, migrate: succeeded}, startDelaySeconds: 2}
  migrate: {command: b, dependsOn: [db], restartPolicy: Never}
  db: {command: c, autoStart: false}
  spare: {command: d, autoStart: false}
`,
  )
  const { code, stdout } = await ringmaster(t, ['check', '--strict', path])
  t.equal(code, 0, 'what is not written is not promised')
  t.same(stdout.split('\n').slice(2), [
    'PROCESS  REPLICAS  USER  START                                   RESTART           STOP                   COMMAND',
    'web      1         1     after 2 s, db ready, migrate succeeded  Always, no limit  SIGTERM, 10 s, staged  a',
    'migrate  1         1     db ready                                Never             SIGTERM, 10 s, staged  b',
    'db       1         1     for others                              Always, no limit  SIGTERM, 10 s, staged  c',
    'spare    1         1     not by itself                           Always, no limit  SIGTERM, 10 s, staged  d',
    '',
    'Shutdown, 12 s at most:',
    '  0 s     to 3.5 s   stop web      cut from 10 s',
    '  0 s     to 10 s    stop spare',
    '  3.5 s   to 7.1 s   stop migrate  cut from 10 s',
    '  7.1 s   to 10.6 s  stop db       cut from 10 s',
    '  10.6 s  to 11 s    sweep         cut from 1 s',
    '',
  ])
})

t.test('check shows no value of a variable of the process', async (t) => {
  const path = config(
    t,
    'processes: {web: {command: [a, "$(TOKEN) $(PASSWORD)"], env: {TOKEN: s3cret}, envFrom: [{file: env}], securityContext: {runAsUser: 1}}}\n',
  )
  writeFileSync(join(dirname(path), 'env'), 'PASSWORD=s3cret\n')
  const { stdout } = await ringmaster(t, ['check', path])
  t.match(stdout, 'a "$(TOKEN) $(PASSWORD)"')
  t.notMatch(stdout, 's3cret')
})

t.test('warnings are printed, and with --strict they are code 1', async (t) => {
  const path = config(t, 'signals: {TERM: ignore}\nprocesses: {web: {command: a}}\n')
  for (const [flags, expected] of [
    [[], 0],
    [['--strict'], 1],
  ] as const) {
    const { code, stdout } = await ringmaster(t, ['check', ...flags, path])
    t.equal(code, expected)
    t.match(stdout, /^warning: signals\.SIGTERM: /m)
  }
  t.match(await ringmaster(t, ['check', '--strict', config(t, sound)]), { code: 0 })
})

t.test('what is not valid is code 78, one line each, and nothing else', async (t) => {
  const path = config(t, 'processes:\n  web: {comand: a, replicas: -1}\n')
  for (const command of ['check', 'render', 'run']) {
    const { code, stdout, stderr } = await ringmaster(t, [command, path])
    t.same({ code, stdout }, { code: 78, stdout: '' }, command)
    t.match(stderr, `${path}:2:9: processes.web.comand: unknown key; did you mean "command"?`)
    t.match(stderr, `${path}:2:30: processes.web.replicas: found -1`)
  }
})

t.test('render prints one file that says the same', async (t) => {
  const path = config(
    t,
    'defaults: {env: {A: 1.10}}\nprocesses: {web: {command: "echo ${GREETING}", env: {B: "$$x"}}}\n',
  )
  const { code, stdout } = await ringmaster(t, ['render', path], { GREETING: 'a b' })
  t.equal(code, 0)
  t.match(stdout, /^ {6}- a b$/m, 'a variable is one word')
  t.match(stdout, /^ {6}A: "1.10"$/m)
  const again = config(t, stdout)
  t.equal((await ringmaster(t, ['render', again])).stdout, stdout)
})

t.test('schema prints what is published', async (t) => {
  const { code, stdout } = await ringmaster(t, ['schema'])
  t.equal(code, 0)
  t.same(
    JSON.parse(stdout),
    JSON.parse(readFileSync(join(root, 'config', 'ringmaster.schema.json'), 'utf8')),
  )
})

t.test('a wrong flag is code 64, --help is code 0', async (t) => {
  for (const command of ['check', 'render', 'schema']) {
    const wrong = await ringmaster(t, [command, '--what'])
    t.match(wrong, { code: 64, stdout: '', stderr: `ringmaster: ${command}: Unknown option` })
  }
  for (const command of ['check', 'render', 'schema']) {
    const { code, stdout } = await ringmaster(t, [command, '--help'])
    t.equal(code, 0)
    t.match(stdout, new RegExp(`^Usage: ringmaster ${command}`))
  }
})

t.test('what is of a later day says so, with code 64', async (t) => {
  for (const [args, message] of [
    [['dev'], /^ringmaster: the command "dev" is not yet supported\. /],
    [['knit'], /^ringmaster: no command "knit"\. /],
    [['check', '--profile', 'a'], /^ringmaster: check: --profile is not yet supported\. /],
    [['render', '--set', 'a=b'], /^ringmaster: render: --set is not yet supported\. /],
  ] as const) {
    const { code, stdout, stderr } = await ringmaster(t, args)
    t.same({ code, stdout }, { code: 64, stdout: '' }, args.join(' '))
    t.match(stderr, message)
  }
})

t.test(
  'check tells root what run refuses root',
  { skip: process.getuid?.() !== 0 && 'not root' },
  async (t) => {
    const path = config(t, 'http: false\nprocesses: {web: {command: "true"}}\n')
    const { code, stdout } = await ringmaster(t, ['check', '--strict', path])
    t.equal(code, 1)
    t.match(stdout, /^warning: processes\.web\.securityContext\.runAsUser: /m)
    t.match(await ringmaster(t, ['run', path]), { code: 78 })
  },
)
