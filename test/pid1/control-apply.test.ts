import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { RingmasterClient } from '../../src/client/client.ts'
import { command, control } from '../rig/control.ts'
import { alone } from '../rig/ringmaster.ts'
import { configuration, folder, script } from '../rig/supervise.ts'

const sleeper = script('exec sleep 1000')
// The files that are applied are read by Ringmaster itself, with its environment.
const user = { securityContext: { runAsUser: process.getuid?.() ?? 0 } }

t.test('a configuration is applied, found to be bad, and undone', async (t) => {
  const web = { ...sleeper, ...user, replicas: 2 }
  const { ask, socket } = await control(t, alone, {
    processes: { web, old: { ...sleeper, ...user } },
  })
  const fileOf = (processes: Record<string, object>) =>
    configuration(t, { control: { socket }, processes })
  t.match(ask('wait', 'all', '--timeout', '10'), { code: 0 })
  const better = fileOf({ web: { ...web, env: { A: 'b' } }, fresh: { ...sleeper, ...user } })
  const differences = /^web: rollout \(env\)\nfresh: added\nold: removed\n/
  t.match(ask('apply', '--dry-run', better), { code: 0, stdout: differences })
  t.match(ask('status').stdout, /old.1 +running/)
  t.match(ask('apply', '--wait', '-f', better), { code: 0, stdout: differences })
  const names = () =>
    ask('status')
      .stdout.split('\n')
      .map((line) => line.split(' ')[0])
  t.same(names(), ['NAME', 'web.1', 'web.2', 'fresh.1', ''])
  t.match(ask('rollout', 'history', 'web'), { code: 0, stdout: /web +1 .*\nweb +2\* .* env\n/ })

  const broken = fileOf({
    web: { ...script('exit 3'), ...user, replicas: 2 },
    fresh: { ...sleeper, ...user },
  })
  t.match(ask('apply', '--wait', broken), { code: 1, stderr: /rollout of web has failed/ })
  t.match(ask('rollout', 'status', 'web'), { code: 1, stdout: /web +returned +2 / })
  t.match(ask('status', 'web').stdout, /web.1 +running.*\nweb.2 +running/)
  t.match(
    ask('why', 'web').stdout,
    /\nthe last rollout of web has failed: .*; it has gone back to revision 2\n$/,
  )

  t.match(ask('rollout', 'undo', 'web', '--to-revision', '1'), { code: 0 })
  t.match(ask('rollout', 'status', 'web'), { code: 0, stdout: /web +complete +1 / })
  t.match(ask('rollout', 'restart', 'web'), { code: 0 })
  t.match(ask('rollout', 'status', 'web'), { code: 0 })

  const bad = join(folder(t), 'bad.yaml')
  writeFileSync(bad, 'processes: [')
  t.match(ask('apply', bad), { code: 1, stderr: /bad\.yaml:1:/ })
  const late = configuration(t, {
    sockets: { new: { path: join(folder(t), 'new') } },
    processes: { web: { ...sleeper, ...user, sockets: ['new'] } },
  })
  t.match(ask('apply', late), { code: 1, stderr: /web\.sockets: new is opened by a restart/ })
  t.match(ask('apply', '/no/such/file'), { code: 1, stderr: /no\/such\/file/ })
  const pipe = join(folder(t), 'pipe')
  execFileSync('mkfifo', [pipe])
  t.match(ask('apply', pipe), { code: 1, stderr: /cannot read .*pipe: it is no file/ })
  t.match(ask('apply', '/dev/zero'), { code: 1, stderr: /cannot read .*zero: it is no file/ })
  t.match(command(['rollout', 'dance', 'web']), { code: 64 })
  t.match(command(['rollout', 'undo']), { code: 64 })
})

t.test(
  'HUP goes back to the files of the start, and the log says what replaces what',
  async (t) => {
    const web = { ...sleeper, ...user, env: { SECRET: 'hunter2' } }
    const { ringmaster, ask, socket } = await control(t, alone, { processes: { web } })
    t.match(ask('wait', 'all', '--timeout', '10'), { code: 0 })
    const client = new RingmasterClient({ socket })
    const { files, by, config } = await client.config()
    t.match({ files, by }, { files: [/ringmaster\.yaml$/], by: 'start' })
    t.match(config, { processes: { web: { env: { SECRET: '(hidden)' } } } })
    const other = configuration(t, {
      control: { socket },
      processes: { other: { ...sleeper, ...user } },
    })
    t.match(ask('apply', '--wait', other), { code: 0 })
    const [start = ''] = files
    await ringmaster.line(
      new RegExp(`the configuration of ${other} replaces that of ${start}, by uid`),
    )
    t.match(await client.config(), {
      files: [other],
      by: /^uid/,
      config: { processes: { other: {} } },
    })
    ringmaster.signal('SIGHUP')
    await ringmaster.line(
      new RegExp(
        `the configuration of ${start} replaces that of ${other}, by reload: web added, other removed`,
      ),
    )
    t.match(await client.config(), { files, by: 'reload', config: { processes: { web: {} } } })
    ringmaster.signal('SIGHUP')
    await ringmaster.line(/the configuration is as it was/)
  },
)
