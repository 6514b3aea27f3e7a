import { execFileSync } from 'node:child_process'
import { readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { command, control } from '../rig/control.ts'
import { fields, helper, needsRoot, ownStatus, shared, stat } from '../rig/exec-helper.ts'
import { alone, inNamespace } from '../rig/ringmaster.ts'
import type { Running } from '../rig/running.ts'
import { folder, script } from '../rig/supervise.ts'

const sleep = ['sleep', '1000']
/** Root in a container as its runtime makes it: without CAP_SYS_PTRACE, CAP_SYS_RESOURCE and CAP_SYS_NICE among others. */
const inContainer = [helper, 'bounding=a80425fb', 'capabilities=a80425fb', '--']
const NET_BIND_SERVICE = '400'
const all = BigInt(`0x${ownStatus()['CapBnd']}`)
const MKNOD = 1n << 27n
const tellAll =
  'cat /proc/self/status /proc/self/limits /proc/self/oom_score_adj; pwd; nice; ionice'

/** Each is what its rights are called after; `command` may change them once more. */
const processes = {
  root: { command: sleep, securityContext: { runAsUser: 0 } },
  'root-with-little': {
    command: sleep,
    securityContext: { runAsUser: 0, capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] } },
  },
  'root-with-less': {
    command: sleep,
    securityContext: {
      ...{ runAsUser: 0, allowPrivilegeEscalation: true },
      capabilities: { drop: ['NET_RAW', 'MKNOD'] },
    },
  },
  user: {
    command: sleep,
    workingDir: '/tmp',
    securityContext: { runAsUser: 1000, runAsGroup: 33, supplementalGroups: [7, 5] },
    resources: {
      ...{ rlimits: { nofile: 123, core: 0 }, nice: 5, umask: '027', oomScoreAdj: 77 },
      ...{ ioClass: 'idle', cpuAffinity: '0' },
    },
  },
  'user-who-binds': {
    command: sleep,
    securityContext: {
      runAsUser: 1000,
      capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] },
    },
  },
  'user-who-may-gain': {
    command: sleep,
    securityContext: { runAsUser: 1000, allowPrivilegeEscalation: true },
  },
  'user-who-inherits': {
    command: [helper, `inheritable=${NET_BIND_SERVICE}`, 'gid=1000', 'uid=1000', '--', ...sleep],
    securityContext: { runAsUser: 0, allowPrivilegeEscalation: true },
  },
  'root-of-its-own-making': {
    command: [helper, `capabilities=${NET_BIND_SERVICE}`, 'umask=077', '--', ...sleep],
    securityContext: { runAsUser: 0, allowPrivilegeEscalation: true },
  },
}

for (const [how, by] of [
  ['who may do everything', []],
  ['as containers have it', inContainer],
] as const) {
  t.test(
    `a command has the rights of the process, for root ${how}`,
    {
      skip: needsRoot,
    },
    async (t) => {
      const { ringmaster, ask, socket } = await control(t, inNamespace, { processes }, { by })
      t.match(ask('wait', 'all', '--timeout', '20'), { code: 0 })
      for (const name of Object.keys(processes)) {
        const { code, stdout, stderr } = inside(ringmaster, by, socket, name, 'sh', '-c', tellAll)
        t.strictSame({ code, stderr }, { code: 0, stderr: '' }, name)
        const pid = pidOf(ringmaster, ask('status', name, '-o', 'json').stdout)
        t.strictSame(rightsIn(stdout), rightsOf(pid), name)
      }
    },
  )
}

t.test('nobody is given a right that the process does not have', { skip: needsRoot }, async (t) => {
  const securityContext = { runAsUser: 0, allowPrivilegeEscalation: true }
  const filtered = [shared('refuse'), '9999', '1', ...sleep]
  const { ringmaster, ask, socket } = await control(t, inNamespace, {
    processes: {
      filtered: { command: filtered, securityContext },
      'filtered-user': { command: filtered, securityContext: { runAsUser: 1000 } },
      apart: { command: ['unshare', '--net', ...sleep], securityContext },
      user: { command: sleep, securityContext: { ...securityContext, runAsUser: 1000 } },
      root: { command: sleep, securityContext },
    },
    control: { mode: '0666' },
  })
  await ringmaster.until(() => ringmaster.children().length >= 5)
  t.match(ask('wait', 'all', '--timeout', '20'), { code: 0 })
  const refused = (name: string, by: readonly string[] = []) =>
    inside(ringmaster, by, socket, name, 'true')
  const filter = { code: 1, stdout: '', stderr: /seccomp filter/ }
  t.match(refused('filtered'), filter)
  t.match(refused('filtered-user'), filter)
  const filteredToo = [shared('refuse'), '9999', '1']
  t.match(refused('filtered', filteredToo), { code: 0 }, 'who is under as many filters may')
  await ringmaster.until(() => /another namespace: net/.test(refused('apart').stderr))
  t.match(refused('apart'), { code: 1 })
  t.match(refused('user'), { code: 0 })

  const user = [helper, 'groups=', 'gid=1000', 'uid=1000', 'capabilities=0', '--']
  t.match(refused('root', user), { code: 1, stderr: /cannot look into process \d+ of root.1/ })
  t.match(refused('user', user), { code: 0 }, 'of one user')
  const without = (all & ~MKNOD).toString(16)
  const lesser = [helper, `bounding=${without}`, `capabilities=${without}`, '--']
  t.match(refused('root', lesser), { code: 1, stderr: /it holds MKNOD/ })
})

t.test(
  'a command is refused to who is in another PID namespace',
  {
    skip: needsRoot,
  },
  async (t) => {
    const { ask, socket } = await control(t, inNamespace, {
      processes: { web: script('sleep 99') },
    })
    t.match(ask('wait', 'web', '--timeout', '10'), { code: 0 })
    const told = command(['shell', 'web', '--socket', socket, '--', 'id'])
    t.match(told, { code: 1, stdout: '', stderr: /another PID namespace/ })
    const token = join(folder(t), 'token')
    writeFileSync(token, 'x'.repeat(32))
    const url = ['--url', 'http://127.0.0.1:1', '--token-file', token]
    const remote = ['shell', 'web', ...url, '--', 'id']
    t.match(command(remote), { code: 64, stderr: /takes a socket/ })
  },
)

t.test('a folder that is gone is no reason', async (t) => {
  const text = 'mkdir gone.$$; cd gone.$$; rmdir "$PWD"; exec sleep 99'
  const { ask, socket } = await control(t, alone, {
    processes: { web: { ...script(text), workingDir: '/tmp' } },
  })
  t.match(ask('wait', 'web', '--timeout', '10'), { code: 0 })
  const told = () => command(['shell', 'web', '--socket', socket, '--', 'pwd'])
  t.match(told(), { code: 0, stdout: /^\/(tmp)?\n$/ })
})

t.test('what speaks of the process itself is not in the environment', async (t) => {
  const { ask, socket } = await control(t, alone, {
    sockets: { listen: { path: join(folder(t), 'listen') } },
    processes: { web: { ...script('exec sleep 99'), sockets: ['listen'], env: { A: 'b=c' } } },
  })
  t.match(ask('wait', 'web', '--timeout', '10'), { code: 0 })
  const { stdout } = command(['shell', 'web', '--socket', socket, '--', 'env'])
  t.match(stdout, /^A=b=c$/m)
  t.match(stdout, /^RINGMASTER_INSTANCE=1$/m)
  t.notMatch(stdout, /LISTEN_/)
})

/** Runs `ringmaster shell NAME -- WORDS` in the PID namespace of `ringmaster`. */
function inside(
  ringmaster: Running,
  by: readonly string[],
  socket: string,
  name: string,
  ...words: readonly string[]
) {
  const enter = ['nsenter', '--target', `${ringmaster.pid}`, '--pid', '--mount', '--']
  return command(['shell', name, '--socket', socket, '--', ...words], [...enter, ...by])
}

/** As seen from here, of the first instance in a status. */
function pidOf(ringmaster: Running, status: string): number {
  const [process] = JSON.parse(status)
  return ringmaster.outside(process.instances[0].pid)
}

const compared = [
  ...['Uid', 'Gid', 'Groups', 'CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb', 'NoNewPrivs'],
  ...['Seccomp', 'Umask', 'Cpus_allowed_list'],
]

function rightsIn(text: string) {
  const all = fields(text)
  const limits = text.slice(text.indexOf('Limit '))
  return { ...Object.fromEntries(compared.map((key) => [key, all[key]])), limits }
}

function rightsOf(pid: number) {
  const read = (file: string) => readFileSync(`/proc/${pid}/${file}`, 'utf8')
  const words = [readlinkSync(`/proc/${pid}/cwd`), stat(read('stat')).nice]
  const ionice = execFileSync('ionice', ['-p', `${pid}`], { encoding: 'utf8' })
  const kernel = `${read('status')}${read('limits')}${read('oom_score_adj')}`
  return rightsIn(`${kernel}${words.join('\n')}\n${ionice}`)
}
