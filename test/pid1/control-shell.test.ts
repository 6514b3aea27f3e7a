import { spawnSync } from 'node:child_process'
import t from 'tap'
import { command, control } from '../rig/control.ts'
import { alone, program } from '../rig/ringmaster.ts'
import { script } from '../rig/supervise.ts'

const sleeper = script('exec sleep 1000')

t.test('a command runs beside a process, as what that is', async (t) => {
  const uid = process.getuid?.() === 0 ? 54_321 : process.getuid?.()
  const web = { ...sleeper, workingDir: '/tmp', env: { COLOR: 'red' } }
  const { ask, socket } = await control(t, alone, {
    processes: {
      web: { ...web, securityContext: { runAsUser: uid } },
      off: { ...sleeper, autoStart: false },
    },
  })
  t.match(ask('wait', 'web', '--timeout', '10'), { code: 0 })
  const text = 'id -u; pwd; echo $COLOR $RINGMASTER_INSTANCE; exit 5'
  const shell = ['shell', 'web', '--socket', socket, '--', 'sh', '-c', text]
  t.match(command(shell), { code: 5, stdout: `${uid}\n/tmp\nred 1\n` })
  t.match(command(['shell', 'off', '--socket', socket]), { code: 1, stderr: /no process now/ })
  const missing = ['shell', 'web', '--socket', socket, '--', 'no-such-program']
  t.match(command(missing), { code: 1, stderr: /cannot execute no-such-program/ })
  t.match(command(['shell']), { code: 64 })
})

t.test('names are completed, and commands where nobody can be asked', async (t) => {
  const { ask, socket } = await control(t, alone, {
    processes: { web: sleeper, db: sleeper },
    groups: { pair: { processes: ['web', 'db'] } },
  })
  t.match(ask('completion', 'names'), { code: 0, stdout: 'web\ndb\nweb.1\ndb.1\npair\nall\n' })
  t.same(command(['completion', 'names', '--socket', '/nowhere']), {
    ...{ code: 0, stdout: '', stderr: '' },
  })
  const complete = (...words: string[]) => {
    const text = `source <(ringmaster completion bash)
      COMP_WORDS=(ringmaster ${words.join(' ')}); COMP_CWORD=${words.length}
      _ringmaster; echo "\${COMPREPLY[@]}"`
    const ringmaster = `ringmaster() { ${process.execPath} -- ${program} "$@"; }\n`
    const env = { PATH: process.env['PATH'], RINGMASTER_CONTROL: socket }
    return spawnSync('bash', ['-c', ringmaster + text], { env, encoding: 'utf8' }).stdout
  }
  t.equal(complete('stop', 'we'), 'web web.1\n')
  t.equal(complete('stop', 'p'), 'pair\n')
  t.equal(complete('shell', 'p'), '\n', 'a group has no one process')
  t.equal(complete('shell', 'd'), 'db db.1\n')
  t.equal(complete('rollout', 'status', ''), 'web db\n')
  t.equal(complete('rollout', 're'), 'restart resume\n')
  t.equal(complete('signal', 'U'), 'USR1 USR2\n')
  t.equal(complete('signal', 'USR1', 'we'), 'web web.1\n')
  t.equal(complete('mainte'), 'maintenance\n')
  t.equal(complete('maintenance', 'o'), 'on off\n')
  for (const shell of ['zsh', 'fish']) {
    t.match(command(['completion', shell]), { code: 0, stdout: /ringmaster completion names/ })
  }
  t.match(command(['completion', 'tcsh']), { code: 64 })
})
