import t from 'tap'
import { alone, inNamespace, type Start, ways } from '../rig/ringmaster.ts'
import { freePort } from '../rig/servers.ts'

const command = (start: Start, ...words: readonly string[]) => {
  const user = start === inNamespace || process.getuid?.() === 0 ? ['--user', '0'] : []
  return ['run', '--port', 'off', ...user, ...words]
}

for (const { way, start, skip } of ways) {
  t.test(
    `${way}: run -- ends with its command, and its output is as it came`,
    { skip },
    async (t) => {
      const script = 'printf "a\\nb"; printf c >&2; exit 3'
      const args = command(start, '--restart', 'Never', '--', 'sh', '-c', script)
      const { code, stdout } = await (await start(t, args)).end()
      t.equal(code, 3)
      t.equal(stdout, 'a\nb\n')
    },
  )

  t.test(
    `${way}: a success ends it whatever the policy, a failure is restarted`,
    { skip },
    async (t) => {
      const script = 'echo "$RINGMASTER_RUN"; [ "${RINGMASTER_RUN%%-*}" -lt 3 ] && exit 1; exit 0'
      for (const policy of [[], ['--restart', 'Always']]) {
        const args = command(start, ...policy, '--', 'sh', '-c', script)
        const { code, stdout } = await (await start(t, args)).end()
        t.equal(code, 0)
        t.match(stdout, /^1-\w+\n2-\w+\n3-\w+\n$/)
      }
    },
  )

  t.test(`${way}: a command that cannot be executed ends it at once`, { skip }, async (t) => {
    for (const [word, expected] of [
      ['no-such-command', 127],
      ['/etc/passwd', 126],
      ['/etc', 126],
    ] as const) {
      const { code } = await (await start(t, command(start, '--', word))).end()
      t.equal(code, expected, word)
    }
  })

  t.test(`${way}: HUP is forwarded`, { skip }, async (t) => {
    const script = 'trap "echo got HUP; exit 0" HUP; echo up; while :; do sleep 0.01; done'
    const ringmaster = await start(t, command(start, '--', 'sh', '-c', script))
    await ringmaster.line(/^up$/)
    ringmaster.signal('SIGHUP')
    await ringmaster.line(/^got HUP$/)
    t.match(await ringmaster.end(), { code: 0 })
  })

  t.test(`${way}: words are taken as they are: no variable stands in them`, { skip }, async (t) => {
    const words = ['${HOME}', '$$', '$(HOME)', '${nothing', "a 'b"]
    const args = command(start, '--', 'printf', '%s\\n', ...words)
    const { code, stdout } = await (await start(t, args)).end()
    t.equal(code, 0)
    t.same(stdout.trimEnd().split('\n'), words)
  })

  t.test(`${way}: -i leaves the command our stdin and stdout`, { skip }, async (t) => {
    const args = command(start, '-i', '--', 'sh', '-c', 'read line; echo "got $line"')
    const ringmaster = await start(t, args, { stdio: ['pipe', 'pipe', 'pipe'] })
    ringmaster.type('hello\n')
    await ringmaster.line(/^got hello$/)
    t.match(await ringmaster.end(), { code: 0 })
  })

  t.test(`${way}: without -i it reads nothing`, { skip }, async (t) => {
    const args = command(start, '--', 'sh', '-c', 'read line; echo "code $?"')
    const ringmaster = await start(t, args, { stdio: ['pipe', 'pipe', 'pipe'] })
    await ringmaster.line(/^code 1$/)
  })
}

t.test('it has the endpoint that it was told to have', async (t) => {
  const ringmaster = await alone(t, [
    ...['run', '--port', '0', ...(process.getuid?.() === 0 ? ['--user', '0'] : [])],
    ...['--', 'sleep', '1000'],
  ])
  const [, port] = await ringmaster.line(/localhost:(\d+)\/readyz/)
  const answer = await fetch(`http://localhost:${port}/readyz`)
  t.equal(answer.status, 200)
  ringmaster.signal('SIGTERM')
  t.match(await ringmaster.end(), { code: 0 })
})

t.test('it is asked over HTTP what it was told to be asked', async (t) => {
  const port = await freePort()
  const program = `const { createServer } = require('node:http')
    createServer((request, answer) => {
      console.log(request.url)
      answer.statusCode = request.url === '/live?$HOME' ? 500 : 200
      answer.end()
    }).listen(${port}, '127.0.0.1')`
  const ringmaster = await alone(t, [
    ...['run', '--port', '0', ...(process.getuid?.() === 0 ? ['--user', '0'] : [])],
    ...['--ready-http', `:${port}`, '--live-http', `http://127.0.0.1:${port}/live?$HOME`],
    ...['--', process.execPath, '-e', program],
  ])
  const [, endpoint] = await ringmaster.line(/localhost:(\d+)\/readyz/)
  await ringmaster.line(/^\/$/)
  await ringmaster.line(/^\/live\?\$HOME$/)
  await ringmaster.line(/"msg":".* is ready/)
  const ready = await fetch(`http://localhost:${endpoint}/readyz`)
  t.equal(ready.status, 200)
  const metrics = await fetch(`http://localhost:${endpoint}/metrics`)
  t.match(await metrics.text(), /probe="liveness",result="failure"/)
})

for (const [rule, args, message] of [
  ['nothing to run', ['--'], /no command behind "--"/],
  ['a file and a command', ['a.yaml', '--', 'true'], /"a\.yaml" and a command/],
  ['a command without --', ['sh'], /"sh" is no file; to run a command: ringmaster run -- sh/],
  ['a flag for commands', ['--restart', 'Never', 'a.yaml'], /--restart is for one command/],
  ['a policy that is none', ['--restart', 'never', '--', 'true'], /--restart takes OnFailure/],
  ['a port that is none', ['--port', '70000', '--', 'true'], /--port takes a port/],
  ['half a user', ['--user', '0:', '--', 'true'], /--user takes USER or USER:GROUP/],
  ['a missing env file', ['--env-file', '/no/such', '--', 'true'], /cannot read the env file/],
  [
    'an env file that holds none',
    ['--env-file', '/proc/self/environ', '--', 'true'],
    /read the env file .*: /,
  ],
  ['--watch', ['--watch'], /--watch is not yet supported/],
  ['no port', ['--ready-http', '/healthz', '--', 'true'], /--ready-http takes .*, not "\/healthz"/],
  ['port 0', ['--live-http', ':0', '--', 'true'], /--live-http takes .*, not ":0"/],
] as const) {
  t.test(`${rule} is one line with code 64`, async (t) => {
    // Node.js would take --env-file for itself.
    const { code, stdout, stderr } = await (await alone(t, ['run', ...args])).end()
    t.same({ code, stdout }, { code: 64, stdout: '' })
    t.match(stderr, message)
    t.equal(stderr.trimEnd().split('\n').length, 1)
  })
}

t.test(
  'root is not taken for granted',
  { skip: process.getuid?.() !== 0 && 'not root' },
  async (t) => {
    const { code, stderr } = await (await alone(t, ['run', '--', 'true'])).end()
    t.equal(code, 78)
    t.match(stderr, /--user 65534\n {2}--user 0/)
  },
)
