import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { alone, ways } from '../rig/ringmaster.ts'
import { folder, script, supervise, type TestConfig } from '../rig/supervise.ts'

const secret = 'hunter2'
const quick = { backoff: { initialSeconds: 0 }, restartLimit: { count: 2, withinSeconds: 60 } }

/** A file as the kubelet makes it, and the variable that names it. */
function createMessage(t: Test) {
  const path = join(folder(t), 'termination-log')
  writeFileSync(path, '')
  return { read: () => readFileSync(path, 'utf8'), env: { RINGMASTER_TERMINATION_LOG: path }, path }
}

for (const { way, start, skip } of ways) {
  t.test(
    `${way}: an end by a failure is told in the file and last on stderr`,
    { skip },
    async (t) => {
      const { read, env } = createMessage(t)
      const web = script('echo "cannot find the plan" >&2; exit 9', {
        ...quick,
        env: { PASSWORD: secret },
      })
      const ringmaster = await supervise(t, start, { processes: { web } }, { env })
      const { code, stderr } = await ringmaster.end()
      t.equal(code, 9)
      const message = [
        'web.1 failed: error (code 9), 2 restarts; restart limit: 2 within 60 s or in a row',
        'ringmaster ends with code 9: web.1 failed',
        'last lines of its stderr:',
        ...['cannot find the plan', 'cannot find the plan', 'cannot find the plan', ''],
      ].join('\n')
      t.equal(read(), message)
      t.ok(stderr.endsWith(`}\n${message}`), stderr)
      t.notMatch(stderr, secret)
    },
  )
}

t.test('both parts of a long message have as much as is read of them', async (t) => {
  const { read, env } = createMessage(t)
  const text =
    'i=0; while [ $i -lt 300 ]; do echo "line $i of ümlauts" >&2; i=$((i+1)); done; exit 1'
  const web = script(text, { restartPolicy: 'Never' })
  const ringmaster = await supervise(t, alone, { processes: { web } }, { env })
  const { stderr } = await ringmaster.end()
  t.match(read(), /^web\.1 failed: error \(code 1\)(.*\n)+line 299 of ümlauts\n$/)
  t.ok(Buffer.byteLength(read()) <= 4096)
  const end = stderr.slice(stderr.lastIndexOf('web.1 failed:'))
  t.ok(Buffer.byteLength(end) <= 2048)
  t.ok(end.split('\n').length <= 80)
  t.match(end, /line 299 of ümlauts\n$/)
})

const ends: readonly (readonly [string, TestConfig, number, RegExp])[] = [
  [
    'giving up on a success',
    { processes: { web: script('exit 0', quick) } },
    69,
    /^web\.1 failed: completed \(code 0\), 2 restarts; restart limit.*\nringmaster ends with code 69/,
  ],
  [
    'a missing command',
    { processes: { web: { command: ['/no/such/thing', secret], restartPolicy: 'Never' } } },
    127,
    /^web\.1 failed: exec-failed \(ENOENT command=\/no\/such\/thing/,
  ],
  [
    'a configuration that is wrong',
    { processes: { web: { command: ['true'], replcas: 1 } } },
    78,
    /ringmaster\.yaml:.*processes\.web\.replcas/,
  ],
  [
    'a start that is refused',
    { processes: { web: { command: ['true'], securityContext: { runAsUser: 'nobody-such' } } } },
    78,
    /^ringmaster: .*nobody-such/,
  ],
]

for (const [title, config, code, pattern] of ends) {
  t.test(`${title} is told`, async (t) => {
    const { read, env } = createMessage(t)
    const ringmaster = await supervise(t, alone, config, { env })
    const end = await ringmaster.end()
    t.equal(end.code, code)
    t.match(read(), pattern)
    t.ok(end.stderr.endsWith(read()), 'and is the end of stderr')
    t.notMatch(end.stderr, secret)
  })
}

t.test('a stop that was asked for leaves the file as it is', async (t) => {
  const { path, read, env } = createMessage(t)
  writeFileSync(path, 'what the application wrote\n')
  const web = script('echo up; exec sleep 1000')
  const ringmaster = await supervise(t, alone, { processes: { web } }, { env })
  await ringmaster.line(/up/)
  ringmaster.signal('SIGTERM')
  const { code, stderr } = await ringmaster.end()
  t.equal(code, 0)
  t.equal(read(), 'what the application wrote\n')
  t.match(stderr, /"ringmaster ends with code 0: SIGTERM"\}\n$/)
})

t.test('a file that is missing is not created, and is no error', async (t) => {
  const path = join(folder(t), 'termination-log')
  const env = { RINGMASTER_TERMINATION_LOG: path }
  const web = script('exit 4', { restartPolicy: 'Never' })
  const ringmaster = await supervise(t, alone, { processes: { web } }, { env })
  const { code, stderr } = await ringmaster.end()
  t.equal(code, 4)
  t.match(stderr, /ringmaster ends with code 4: web\.1 failed\n$/)
  t.notOk(existsSync(path))
})

t.test(
  'a file of root is written by a Ringmaster that gave root up',
  { skip: process.getuid?.() !== 0 && 'not root' },
  async (t) => {
    const { path, read, env } = createMessage(t)
    t.equal(statSync(path).uid, 0)
    const web = script('id -u; exit 4', {
      restartPolicy: 'Never',
      securityContext: { runAsUser: 65534 },
      workingDir: '/',
    })
    const config = { processes: { web }, logs: { level: 'debug' } }
    const ringmaster = await supervise(t, alone, config, { env })
    const { stderr } = await ringmaster.end()
    t.match(read(), /^web\.1 failed: error \(code 4\)/)
    t.match(stderr, /gave root up/)
  },
)

t.test('children are not told of the file', async (t) => {
  const { env } = createMessage(t)
  const web = script('env', { restartPolicy: 'OnFailure' })
  const ringmaster = await supervise(t, alone, { processes: { web } }, { env })
  const { stdout } = await ringmaster.end()
  t.match(stdout, /RINGMASTER_PROCESS=web/)
  t.notMatch(stdout, /TERMINATION/)
})
