import { spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { alone, program, type Setting, type Start, ways } from '../rig/ringmaster.ts'
import type { Running } from '../rig/running.ts'
import { folder, script, supervise, type TestConfig } from '../rig/supervise.ts'

const sleeper = script('exec sleep 1000')

interface Told {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Starts `ringmaster run` with its socket in a folder of its own, and returns what runs `ringmaster ARGS` against it. */
async function start(
  t: Test,
  how: Start,
  config: TestConfig,
  setting: Setting = {},
): Promise<{ ringmaster: Running; socket: string; ask: (...args: string[]) => Told }> {
  const socket = join(folder(t), 'socket')
  const control = { socket, ...(config['control'] as object) }
  const ringmaster = await supervise(t, how, { ...config, control }, setting)
  await ringmaster.until(() => existsSync(socket))
  return { ringmaster, socket, ask: (...args) => run([...args, '--socket', socket]) }
}

function run(args: readonly string[], by: readonly string[] = [], env = {}): Told {
  const [file = '', ...rest] = [...by, process.execPath, '--', program, ...args]
  const { PATH = '' } = process.env
  const { status, stdout, stderr } = spawnSync(file, rest, {
    env: { PATH, ...env },
    encoding: 'utf8',
    timeout: 20_000,
  })
  return { code: status, stdout, stderr }
}

for (const { way, start: how, skip } of ways) {
  t.test(`${way}: status asks over the socket, which is gone at the end`, { skip }, async (t) => {
    const { ringmaster, socket, ask } = await start(t, how, {
      processes: { web: { ...sleeper, replicas: 2 }, db: sleeper },
    })
    t.equal(statSync(socket).mode & 0o777, 0o600)
    await ringmaster.line(/db.1 runs/)
    const { code, stdout } = ask('status')
    t.equal(code, 0)
    t.match(stdout.split('\n'), [
      /^NAME +PHASE +READY +PID +RESTARTS +AGE/,
      /^web.1 +running +yes +\d+ +0 +\d+s$/,
      /^web.2 /,
      /^db.1 /,
    ])
    t.match(JSON.parse(ask('status', '-o', 'json', 'db').stdout), [
      { name: 'db', instances: [{ name: 'db.1', phase: 'running', ready: true }] },
    ])
    t.match(ask('status', 'wep'), {
      ...{ code: 1, stdout: '' },
      stderr: 'ringmaster: no such process or group wep; did you mean web?\n',
    })
    ringmaster.signal('SIGTERM')
    t.match(await ringmaster.exit(), { code: 0 })
    t.notOk(existsSync(socket))
    t.match(ask('status'), { code: 2, stderr: /cannot reach .*no such socket/ })
  })

  t.test(
    `${way}: a descendant may look, whoever it is, and change nothing`,
    { skip },
    async (t) => {
      const place = folder(t)
      const text = `until [ -e ${place}/go ]; do sleep 0.01; done
      ${process.execPath} -- ${program} status --socket $SOCKET >&2 && echo looked
      (${process.execPath} -e "$POST" &)
      exec sleep 1000`
      const post = `require('http').request({socketPath: process.env.SOCKET, method: 'POST',
      path: '/v1/nothing'}, (r) => console.log('status', r.statusCode)).end()`
      const socket = join(folder(t), 'socket')
      const ringmaster = await supervise(t, how, {
        control: { socket },
        processes: { web: { ...script(text), env: { SOCKET: socket, POST: post } } },
      })
      await ringmaster.until(() => existsSync(socket))
      spawnSync('touch', [join(place, 'go')])
      await ringmaster.line(/looked$/)
      // Also as an orphan.
      await ringmaster.line(/status 403$/)
    },
  )
}

t.test('two at one socket: the second refuses to start, and the first goes on', async (t) => {
  const { ringmaster, socket, ask } = await start(t, alone, { processes: { web: sleeper } })
  await ringmaster.line(/web.1 runs/)
  const second = await supervise(t, alone, { control: { socket }, processes: { web: sleeper } })
  const { code, stderr } = await second.end()
  t.equal(code, 78)
  t.match(stderr, /cannot listen on .*: another Ringmaster listens there/)
  t.equal(ask('status').code, 0)
})

t.test('after SIGKILL the next one takes the socket over', async (t) => {
  const first = await start(t, alone, { processes: { web: sleeper } })
  first.ringmaster.signal('SIGKILL')
  await first.ringmaster.exit()
  t.ok(existsSync(first.socket))
  t.match(first.ask('status'), { code: 2, stderr: /nobody listens/ })
  const config = { control: { socket: first.socket }, processes: { web: sleeper } }
  const second = await supervise(t, alone, config)
  await second.line(/web.1 runs/)
  t.equal(first.ask('status').code, 0)
})

t.test(
  'another user reads where the socket lets them, and with `others: none` not even that',
  { skip: process.getuid?.() !== 0 && 'not root' },
  async (t) => {
    const by = ['setpriv', '--reuid=54321', '--clear-groups']
    for (const [control, expected] of [
      [{}, { code: 2, stderr: /no permission/ }],
      [{ mode: '0666' }, { code: 0, stdout: /web.1/ }],
      [
        { mode: '0666', access: { others: 'none' } },
        { code: 1, stderr: /user 54321 may not ask/ },
      ],
    ] as const) {
      const { ringmaster, socket } = await start(t, alone, { control, processes: { web: sleeper } })
      await ringmaster.line(/web.1 runs/)
      t.match(run(['status', '--socket', socket], by), expected, JSON.stringify(control))
    }
  },
)

t.test('where the socket is can be said by RINGMASTER_CONTROL', async (t) => {
  const { ringmaster, socket } = await start(t, alone, { processes: { web: sleeper } })
  await ringmaster.line(/web.1 runs/)
  t.match(run(['status'], [], { RINGMASTER_CONTROL: socket }), { code: 0, stdout: /web.1/ })
})

t.test('what is not understood is told with exit code 64', async (t) => {
  for (const args of [
    ['status', '--nope'],
    ['status', '-o', 'xml'],
  ]) {
    t.match(run(args), { code: 64, stderr: /See "ringmaster status --help"/ })
  }
  t.match(run(['status', '--help']), { code: 0, stdout: /^Usage: ringmaster status/ })
})
