import { spawn } from 'node:child_process'
import t from 'tap'
import { command, control } from '../rig/control.ts'
import { alone, program } from '../rig/ringmaster.ts'
import { script } from '../rig/supervise.ts'

const sleeper = script('exec sleep 1000')

t.test('why and describe tell what went wrong', async (t) => {
  const { ask } = await control(t, alone, {
    processes: {
      job: script('echo oh no >&2; exit 3', { essential: false, restartPolicy: 'Never' }),
      web: { ...sleeper, dependsOn: ['db'] },
      db: sleeper,
    },
  })
  t.match(ask('wait', 'web', '--timeout', '10'), { code: 0 })
  t.match(ask('wait', 'job', '--for=stopped', '--timeout', '10'), { code: 0 })
  t.match(ask('why', 'job'), {
    ...{ code: 0, stderr: '' },
    stdout:
      /^job.1 \(run \d+\) ended after \d+ ms at .*: error, code 3\n {2}last lines of stderr:\n {4}oh no\n {2}then: failed;/,
  })
  t.match(ask('why', 'web'), { code: 0, stdout: 'nothing has gone wrong with web\n' })
  const { stdout } = ask('describe', 'db')
  t.match(stdout, /Process: +db\n.*Needed by: +web\n.*db.1 +running.*Events:\n.*db.1 runs as/s)
  t.match(JSON.parse(ask('describe', 'job', '-o', 'json').stdout), {
    incidents: [{ cause: 'error', code: 3, stderr: 'oh no\n' }],
  })
  t.match(ask('describe', 'nope'), { code: 1, stderr: /no such process/ })
})

t.test('logs and events are followed, until nobody reads them', async (t) => {
  const { ask, socket, ringmaster } = await control(t, alone, {
    processes: { web: script('i=0; while :; do echo line $i; i=$((i+1)); sleep 0.05; done') },
  })
  await ringmaster.line(/line 2$/)
  t.match(ask('logs', '--tail', '1', 'web'), { code: 0, stdout: /^web.1 \| line \d+\n$/ })
  const follow = `${process.execPath} -- ${program} logs -f web --socket ${socket} | head -n 5`
  const followed = await sh(t, follow)
  const numbers = [...followed.matchAll(/^web\.1 \| line (\d+)$/gm)].map(([, one]) => Number(one))
  t.equal(numbers.length, 5)
  t.same(
    numbers,
    Array.from({ length: 5 }, (_, more) => (numbers[0] ?? 0) + more),
  )
  const events = await alone(t, ['events', '-f', '-o', 'json', '--socket', socket])
  t.match(ask('restart', 'web'), { code: 0 })
  await events.line(/"text":"restart of web.1, asked for by uid \d+, pid \d+"/)
  ringmaster.signal('SIGTERM')
  t.match(await events.end(), { code: 2, stderr: /it has ended, is about to, or/ })
})

t.test('a process is scaled up and down', async (t) => {
  const { ask } = await control(t, alone, { processes: { web: sleeper, db: sleeper } })
  t.match(ask('wait', 'all', '--timeout', '10'), { code: 0 })
  t.match(ask('scale', 'web=3', 'db=0'), { code: 0, stdout: /web.3 +running.*\ndb +no instances/s })
  t.match(ask('scale', 'web=1'), { code: 0, stdout: /^NAME.*\nweb.1 +running.*\n$/ })
  t.match(ask('scale', 'web=99999'), { code: 1, stderr: /at most/ })
  t.match(ask('scale', 'wep=1'), { code: 1, stderr: /did you mean web\?/ })
  t.match(command(['scale', 'web']), { code: 64 })
})

/** What a shell command prints. */
function sh(t: { teardown(end: () => void): void }, text: string): Promise<string> {
  const child = spawn('sh', ['-c', text], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => child.kill())
  let output = ''
  child.stdout.on('data', (part) => (output += part))
  return new Promise((resolve) => child.on('close', () => resolve(output)))
}
