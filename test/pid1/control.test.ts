import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { command, control } from '../rig/control.ts'
import { needsRoot } from '../rig/exec-helper.ts'
import {
  alone,
  inNamespace,
  needsNamespace,
  nodeCommand,
  program,
  ways,
} from '../rig/ringmaster.ts'
import { folder, script, supervise } from '../rig/supervise.ts'

const sleeper = script('exec sleep 1000')

for (const { way, start: how, skip } of ways) {
  t.test(`${way}: status asks over the socket, which is gone at the end`, { skip }, async (t) => {
    const { ringmaster, socket, ask } = await control(t, how, {
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
  const { ringmaster, socket, ask } = await control(t, alone, { processes: { web: sleeper } })
  await ringmaster.line(/web.1 runs/)
  const second = await supervise(t, alone, { control: { socket }, processes: { web: sleeper } })
  const { code, stderr } = await second.end()
  t.equal(code, 78)
  t.match(stderr, /cannot listen on .*: another Ringmaster listens there/)
  t.equal(ask('status').code, 0)
})

t.test('after SIGKILL the next one takes the socket over', async (t) => {
  const first = await control(t, alone, { processes: { web: sleeper } })
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
    for (const [given, expected] of [
      [{}, { code: 2, stderr: /no permission/ }],
      [{ mode: '0666' }, { code: 0, stdout: /web.1/ }],
      [
        { mode: '0666', access: { others: 'none' } },
        { code: 1, stderr: /user 54321 may not ask/ },
      ],
    ] as const) {
      const { ringmaster, socket } = await control(t, alone, {
        control: given,
        processes: { web: sleeper },
      })
      await ringmaster.line(/web.1 runs/)
      t.match(command(['status', '--socket', socket], by), expected, JSON.stringify(given))
    }
  },
)

t.test(
  'who was left to PID 1 may look, and change nothing',
  {
    skip: needsNamespace || needsRoot,
  },
  async (t) => {
    const { ringmaster, socket, ask } = await control(t, inNamespace, {
      processes: { web: sleeper },
    })
    t.match(ask('wait', 'web', '--timeout', '10'), { code: 0 })
    const told = join(folder(t), 'told')
    const stop = `${nodeCommand(['stop', 'web', '--socket', socket]).join(' ')} >${told} 2>&1`
    const enter = ['nsenter', '--target', `${ringmaster.pid}`, '--pid', '--mount', '--']
    // The first shell ends at once; the second one waits until it is PID 1's.
    const orphan = `until grep -q 'PPid:.1$' /proc/$$/status; do sleep 0.01; done; ${stop}; echo end >>${told}`
    const [file = '', ...args] = [...enter, 'sh', '-c', '(sh -c "$0" &)', orphan]
    t.equal(spawnSync(file, args).status, 0)
    await ringmaster.until(() => existsSync(told) && /end/.test(readFileSync(told, 'utf8')))
    t.match(readFileSync(told, 'utf8'), /a process below Ringmaster may look, but change nothing/)
    const [again = '', ...rest] = [...enter, 'sh', '-c', stop]
    t.equal(spawnSync(again, rest).status, 0, 'and who comes from outside may')
  },
)

t.test('a socket that is none, or cannot be one, is told by what is wrong', async (t) => {
  const place = folder(t)
  const long = join(place, 'x'.repeat(108))
  const file = join(place, 'file')
  writeFileSync(file, '')
  for (const [path, why] of [
    [long, /cannot reach .*: a path of a socket has 107 bytes at most\n/],
    [file, /cannot reach .*: it is no socket\n/],
    [place, /cannot reach .*: it is no socket\n/],
  ] as const) {
    t.match(command(['status', '--socket', path]), { code: 2, stderr: why })
  }
  for (const [path, why] of [
    [long, /cannot listen on .*: a path of a socket has 107 bytes at most\. Choose/],
    [join(place, 'no', 'socket'), /cannot listen on .*: there is no such folder\. Choose/],
  ] as const) {
    const run = await supervise(t, alone, {
      control: { socket: path },
      processes: { web: sleeper },
    })
    t.match(await run.end(), { code: 78, stderr: why })
  }
})

t.test('where the socket is can be said by RINGMASTER_CONTROL', async (t) => {
  const { ringmaster, socket } = await control(t, alone, { processes: { web: sleeper } })
  await ringmaster.line(/web.1 runs/)
  t.match(command(['status'], [], { RINGMASTER_CONTROL: socket }), { code: 0, stdout: /web.1/ })
})

t.test('what is not understood is told with exit code 64', async (t) => {
  for (const args of [
    ['status', '--nope'],
    ['status', '-o', 'xml'],
  ]) {
    t.match(command(args), { code: 64, stderr: /See "ringmaster status --help"/ })
  }
  t.match(command(['status', '--help']), { code: 0, stdout: /^Usage: ringmaster status/ })
})
