import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { alone, ways } from '../rig/ringmaster.ts'
import { folder, script, supervise } from '../rig/supervise.ts'

const never = { restartPolicy: 'Never' }

for (const { way, start, skip } of ways) {
  for (const [rule, processes, code] of [
    [
      '0 when all processes succeeded',
      { a: script('exit 0', never), b: script('exit 0', { restartPolicy: 'OnFailure' }) },
      0,
    ],
    [
      'that of the process that failed',
      { a: script('exit 7', never), b: script('exec sleep 1000') },
      7,
    ],
    ['128 + the signal that ended it', { a: script('kill -USR1 $$', never) }, 138],
    ['128 + a real-time signal', { a: script('kill -40 $$', never) }, 168],
    ['127 when the command is not found', { a: { command: ['no-such-command'], ...never } }, 127],
    ['126 when the command is no program', { a: { command: ['/etc'], ...never } }, 126],
  ] as const) {
    t.test(`${way}: the code is ${rule}`, { skip }, async (t) => {
      const ringmaster = await supervise(t, start, { processes })
      t.match(await ringmaster.end(), { code, signal: null })
    })
  }

  t.test(`${way}: a command that is missing is retried like any failure`, { skip }, async (t) => {
    const ringmaster = await supervise(t, start, {
      processes: { a: { command: ['no-such-command'], backoff: { initialSeconds: 0.01 } } },
    })
    for (let i = 0; i < 3; i++)
      await ringmaster.line(/"cause":"exec-failed".*"refused":"ENOENT command=no-such-command/)
    ringmaster.signal('SIGTERM')
    t.match(await ringmaster.end(), { code: 0 })
  })
}

t.test('what stops a start is one line with code 78, and nothing runs', async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await new Promise((resolve) => server.once('listening', resolve))
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : 0
  const ringmaster = await supervise(t, alone, {
    http: { host: '127.0.0.1', port },
    processes: { web: script('echo never') },
  })
  const { code, stdout, stderr } = await ringmaster.end()
  t.same({ code, stdout }, { code: 78, stdout: '' })
  t.match(
    stderr,
    new RegExp(`^ringmaster: cannot listen on 127\\.0\\.0\\.1:${port}: address in use\\..*\\n$`),
  )
})

t.test('a configuration that cannot be used is explained line by line', async (t) => {
  const path = join(folder(t), 'wrong.yaml')
  writeFileSync(
    path,
    'processes:\n  web: {command: [true], replicas: many}\n  web.1: {command: a}\n',
  )
  const ringmaster = await alone(t, ['run', path])
  const { code, stdout, stderr } = await ringmaster.end()
  t.same({ code, stdout }, { code: 78, stdout: '' })
  for (const line of stderr.trimEnd().split('\n')) t.ok(line.startsWith(`${path}:`), line)
  t.match(stderr, /:2:\d+: processes\.web\.replicas: found "many"; allowed: a whole number/)
})

for (const [rule, args, message] of [
  ['an unknown command', ['tea'], /^ringmaster: no command "tea"\. See "ringmaster --help"\n$/],
  [
    'a command that was mistyped',
    ['rum'],
    /^ringmaster: no command "rum"; did you mean run\? See "ringmaster --help"\n$/,
  ],
  ['the begin of a command', ['stat'], /^ringmaster: no command "stat"; did you mean status\? /],
  ['the begin of two', ['st'], /^ringmaster: no command "st"\. See/],
  ['no command', [], /^ringmaster: no command\. See "ringmaster --help"\n$/],
  ['an unknown flag', ['run', '--what'], /^ringmaster: run: Unknown option '--what'.*\n$/],
  [
    'a flag for a value',
    ['exec', '-p', '-g'],
    /^ringmaster: exec: Option .* ambiguous\. See .*\n$/,
  ],
] as const) {
  t.test(`${rule} is one line with code 64`, async (t) => {
    const ringmaster = await alone(t, args)
    const { code, stdout, stderr } = await ringmaster.end()
    t.same({ code, stdout }, { code: 64, stdout: '' })
    t.match(stderr, message)
  })
}

for (const [command, wrong, meant] of [
  ['run', '--verbos', 'verbose'],
  ['exec', '--verbos', 'verbose'],
  ['check', '--strct', 'strict'],
  ['render', '--env-fil=a', 'env-file'],
  ['schema', '--hepl', 'help'],
  ['probe', '--prt=1', 'port'],
] as const) {
  t.test(`for a misspelt flag of ${command} the one is named that was meant`, async (t) => {
    const { code, stderr } = await (await alone(t, [command, wrong])).end()
    t.equal(code, 64)
    t.match(stderr, new RegExp(`: ${command}: no option --\\S+; did you mean --${meant}\\? See `))
  })
}

t.test('help and version are printed', async (t) => {
  for (const [args, text] of [
    [['--help'], /^Usage: ringmaster COMMAND/],
    [['run', '--help'], /^Usage: ringmaster run /],
    [['exec', '--help'], /^Usage: ringmaster exec /],
    [['version'], /^ringmaster \d+\.\d+\.\d+\n$/],
  ] as const) {
    const { code, stdout } = await (await alone(t, args)).end()
    t.equal(code, 0)
    t.match(stdout, text)
  }
})
