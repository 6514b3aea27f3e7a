import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import t from 'tap'
import { command, control } from '../rig/control.ts'
import { alone, nodeCommand, ways } from '../rig/ringmaster.ts'
import { folder, script, supervise } from '../rig/supervise.ts'

const sleeper = script('exec sleep 1000')

for (const { way, start: how, skip } of ways) {
  t.test(`${way}: what is named is stopped, started and restarted`, { skip }, async (t) => {
    const { ringmaster, ask } = await control(t, how, {
      processes: {
        web: { ...sleeper, replicas: 2 },
        api: { ...sleeper, dependsOn: ['db'], autoStart: false },
        db: { ...sleeper, autoStart: false },
      },
    })
    const phases = () =>
      JSON.parse(ask('status', '-o', 'json').stdout).flatMap(
        ({ instances }: { instances: { name: string; phase: string }[] }) =>
          instances.map(({ name, phase }) => `${name} ${phase}`),
      )
    t.match(ask('wait', 'web', '--timeout', '10'), { code: 0, stdout: '' })
    t.match(ask('stop', 'web.2'), { code: 0, stdout: /web.2 +stopped/ })
    t.match(ask('stop', 'web.2'), { code: 0 })
    t.match(ask('start', 'api'), { code: 0, stdout: /api.1 +running/ })
    t.same(phases(), ['web.1 running', 'web.2 stopped', 'api.1 running', 'db.1 running'])
    const pid = () => JSON.parse(ask('status', 'web.1', '-o', 'json').stdout)[0].instances[0].pid
    const before = pid()
    t.match(ask('restart', 'web.1'), { code: 0 })
    t.not(pid(), before)
    await ringmaster.line(/stop of web.2, asked for by uid \d+, pid \d+/)
    t.match(ask('shutdown'), { code: 0 })
    t.match(await ringmaster.exit(), { code: 0 })
  })
}

t.test('hundreds of instances with long names are restarted, and waited for', async (t) => {
  const [name, replicas] = ['a'.repeat(63), 260]
  const { ask } = await control(t, alone, { processes: { [name]: { ...sleeper, replicas } } })
  t.match(ask('wait', name, '--timeout', '30'), { code: 0 })
  const answer = ask('restart', name, '-o', 'json')
  t.equal(answer.code, 0, answer.stderr)
  const [{ instances }] = JSON.parse(answer.stdout)
  t.equal(instances.filter(({ phase }: { phase: string }) => phase === 'running').length, replicas)
  const words = Array.from({ length: replicas }, (_, i) => `${name}.${i + 1}`)
  t.match(ask('wait', ...words), { code: 0, stderr: '' })
  t.match(ask('stop', '--no-wait', ...words), { code: 0, stderr: '' })
  const most = Array.from({ length: 1000 }, () => `${name}.260`)
  t.match(ask('wait', '--for', 'stopped', ...most), { code: 0, stderr: '' })
  t.match(ask('status', name, ...most), {
    code: 64,
    stderr: /status: 1001 names are too many, 1000 are taken: name groups, globs, or all\. See/,
  })
})

t.test('a signal reaches the main process, and its children where that is asked for', async (t) => {
  const text = `trap 'echo main; kill -CONT $$' USR1
    sh -c 'trap "echo child" USR1; echo ready; while :; do sleep 0.02; done' &
    while :; do sleep 0.02; done`
  const { ringmaster, ask } = await control(t, alone, { processes: { web: script(text) } })
  await ringmaster.line(/ready$/)
  t.match(ask('signal', 'USR1', 'web'), { code: 0, stdout: 'web.1\n' })
  await ringmaster.line(/main$/)
  t.notMatch(ringmaster.stdout, /child$/m)
  t.match(ask('signal', '10', 'web', '--children'), { code: 0 })
  await ringmaster.line(/child$/)
})

t.test('a command that does not get what it wants says what is missing', async (t) => {
  const { ask } = await control(t, alone, {
    processes: {
      // One that is executed runs for a moment.
      job: { command: ['/nowhere'], essential: false, restartPolicy: 'Never' },
      web: { ...sleeper, dependsOn: { job: 'succeeded' }, autoStart: false },
      other: sleeper,
    },
  })
  t.match(ask('wait', 'job', '--for', 'stopped', '--timeout', '10'), { code: 0 })
  t.match(ask('restart', 'job'), {
    code: 1,
    stderr: /not all started, and they will not be:\n {2}job.1: failed/,
  })
  t.match(ask('start', 'web', '--timeout', '0.2'), {
    ...{ code: 1, stdout: '' },
    stderr: /within 0.2 s:\n {2}web.1: pending, waiting for job: failed/,
  })
  t.match(ask('wait', 'web', '--timeout', '0.1'), { code: 1, stderr: /not all ready within 0.1 s/ })
})

t.test('wait with a timeout waits for the socket, too', async (t) => {
  const socket = `${folder(t)}/socket`
  const args = ['wait', 'web', '--timeout', '0.1', '--socket', socket]
  t.match(command(args), { code: 2, stderr: /no such socket/ })
  const config = { control: { socket }, processes: { web: sleeper } }
  const waited = supervise(t, alone, config)
  t.match(command(['wait', 'web', '--timeout', '15', '--socket', socket]), { code: 0 })
  await waited
})

t.test('commands get through where all connections are taken', async (t) => {
  const { ask, socket } = await control(t, alone, { processes: { web: sleeper } })
  t.match(ask('wait', 'web', '--timeout', '10'), { code: 0 })
  const waiting = Array.from({ length: 64 }, () => connect(socket))
  t.teardown(() => waiting.map((one) => one.destroy()))
  for (const one of waiting) {
    one.on('error', () => {})
    one.write('GET /v1/wait?name=web&for=stopped HTTP/1.1\r\nHost: ringmaster\r\n\r\n')
    await once(one, 'connect')
  }
  for (const args of [['status'], ['describe', 'web'], ['top', '--once'], ['stop', 'web']]) {
    t.match(ask(...args), { code: 0, stderr: '' }, args.join(' '))
  }
})

t.test('drain and maintenance take readiness away, and give it back', async (t) => {
  const { ask } = await control(t, alone, {
    shutdown: { drainSeconds: 0.3 },
    processes: { web: sleeper },
  })
  t.match(ask('wait', 'web', '--timeout', '10'), { code: 0 })
  t.notMatch(ask('status'), { stdout: /ringmaster:/ })
  t.match(ask('maintenance', 'on'), { code: 0, stdout: /not ready, maintenance/ })
  const line = /\n\nringmaster: running, not ready, maintenance\n$/
  t.match(ask('status'), { code: 0, stdout: line })
  t.match(ask('describe', 'web'), {
    code: 0,
    stdout: /\nRingmaster: +running, not ready, maintenance\n/,
  })
  t.match(ask('maintenance', 'off'), { code: 0, stdout: 'ringmaster: running, ready\n' })
  t.match(ask('drain'), { code: 0, stdout: /not ready, drained/ })
  t.match(ask('status'), { code: 0, stdout: /ringmaster: running, not ready, drained\n$/ })
  t.match(ask('maintenance', 'off', '-o', 'json'), { code: 0, stdout: /"withdrawn": null/ })
  t.notMatch(ask('describe', 'web'), { stdout: /Ringmaster:/ })
})

t.test('what is not understood is told with exit code 64', async (t) => {
  for (const args of [
    ['stop'],
    ['signal'],
    ['signal', 'USR1'],
    ['wait'],
    ['wait', 'web', '--for', 'tea'],
    ['start', 'web', '--timeout', 'soon'],
    ['maintenance'],
    ['maintenance', 'maybe'],
    ['drain', 'web'],
    ['shutdown', 'now'],
  ]) {
    t.match(command(args), { code: 64, stdout: '' }, args.join(' '))
  }
})

t.test('a reload is a signal where there is one, else new runs', async (t) => {
  const { ringmaster, ask } = await control(t, alone, {
    processes: {
      web: script("trap 'echo reloaded' HUP; echo up; while :; do sleep 0.02; done", {
        reloadSignal: 'HUP',
      }),
      api: { ...sleeper, replicas: 2 },
    },
  })
  await ringmaster.line(/up$/)
  t.match(ask('wait', 'all', '--timeout', '10'), { code: 0 })
  t.match(ask('reload', 'web'), { code: 0 })
  await ringmaster.line(/reloaded$/)
  const pids = () => ask('status', 'api').stdout.match(/yes +\d+/g)
  const before = pids()
  t.match(ask('reload', 'api'), { code: 0 })
  t.equal(
    pids()?.some((pid) => before?.includes(pid)),
    false,
  )
})

t.test('the log says who wants Ringmaster not to be ready, and who does no more', async (t) => {
  const { ringmaster, ask } = await control(t, alone, { processes: { web: sleeper } })
  const by = `asked for by uid ${process.getuid?.()}, pid`
  t.equal(ask('maintenance', 'on').code, 0)
  await ringmaster.line(new RegExp(`ringmaster is not ready: maintenance, ${by}`))
  t.equal(ask('maintenance', 'off').code, 0)
  await ringmaster.line(new RegExp(`ringmaster may be ready again, ${by}`))
  t.equal(ask('drain').code, 0)
  await ringmaster.line(new RegExp(`ringmaster has drained, ${by}`))
})

t.test('an option that there is none of, and a form that there is not, are told', async (t) => {
  t.match(command(['status', '--watchh']), {
    code: 64,
    stderr:
      'ringmaster: status: no option --watchh; did you mean --watch? See "ringmaster status --help"\n',
  })
  t.match(command(['status', '--zzz']), {
    code: 64,
    stderr: `ringmaster: status: Unknown option '--zzz'. See "ringmaster status --help"\n`,
  })
  t.match(command(['events', '-f', '-o', 'yaml']), { code: 64, stderr: /table or json/ })
})

t.test('who is read no more ends without a word, with the code that it has', async (t) => {
  const { ask, socket } = await control(t, alone, {
    processes: { web: script('while echo line; do sleep 0.01; done') },
  })
  t.match(ask('wait', 'web', '--timeout', '10'), { code: 0 })
  for (const [args, code] of [
    [['status'], 0],
    [['status', '--watch'], 0],
    [['events', '-f'], 0],
    [['logs', '-f'], 0],
    [['top'], 0],
    [['--help'], 0],
    [['check', '/no/such/file'], 78],
  ] as const) {
    const isClient = !['--help', 'check'].includes(args[0])
    const told = await unread([...args, ...(isClient ? ['--socket', socket] : [])])
    t.equal(told.code, code, args.join(' '))
    if (code === 0) t.equal(told.stderr, '', args.join(' '))
  }
  const full = command(['status', '--socket', socket], ['sh', '-c', '"$0" "$@" >/dev/full'])
  t.match(full, { code: 1, stderr: /^ringmaster: cannot write to stdout: ENOSPC/ })
})

/** Runs `ringmaster ARGS` with a stdout whose reader has gone. */
async function unread(args: readonly string[]) {
  // By env(1): the test runner would be loaded into it, too.
  const child = spawn('env', ['-i', ...nodeCommand(args)], {
    ...{ stdio: ['ignore', 'pipe', 'pipe'], timeout: 20_000 },
  })
  child.stdout.destroy()
  let stderr = ''
  child.stderr.on('data', (bytes: Buffer) => {
    stderr += bytes
  })
  const [code] = await once(child, 'close')
  return { code, stderr }
}
