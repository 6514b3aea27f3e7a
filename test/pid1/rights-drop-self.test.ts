import { writeFileSync } from 'node:fs'
import t from 'tap'
import { type Drive, drive, install, statusOf } from '../rig/driven.ts'
import { fields, helper, needsRoot, ownStatus, shared } from '../rig/exec-helper.ts'
import { inNamespace } from '../rig/ringmaster.ts'
import { configuration, script } from '../rig/supervise.ts'

const none = '0'.repeat(16)
const security = { user: 65534, group: 65533, supplementalGroups: [7, 8] }
const web = { security }
const input: Drive = { processes: { web }, dropsSelf: true }
const [SETGROUPS, SETUID] = process.arch === 'arm64' ? [159, 146] : [116, 105]
const refuse = (call: number) => [shared('refuse'), `${call}`, '1']
const nobody = {
  ...{ Uid: '65534\t65534\t65534\t65534', Gid: '65533\t65533\t65533\t65533', Groups: '7 8' },
  ...{ CapPrm: none, CapEff: none, CapAmb: none },
}

t.test(
  'every thread of Ringmaster becomes the one user of all processes',
  { skip: needsRoot },
  async (t) => {
    const by = [helper, 'groups=0,5', '--']
    const all = { ...security, supplementalGroups: [7, 8, 5] }
    const { self, threads } = await drive(
      t,
      { ...input, processes: { web: { security: all } } },
      { by },
    )
    t.same(self, { kind: 'dropped', reason: null })
    t.ok(threads.length > 3)
    for (const status of threads) t.hasStrict(fields(status), { ...nobody, Groups: '5 7 8' })
  },
)

t.test('its children are then what they would be without that', { skip: needsRoot }, async (t) => {
  for (const dropsSelf of [true, false]) {
    const status = await statusOf(t, web, { dropsSelf })
    t.hasStrict(status, { ...nobody, CapInh: none, NoNewPrivs: '1' })
  }
  const inheriting = ['setpriv', '--inh-caps', '+net_raw', '--']
  const capabilities = { add: [], drop: ['ALL'] }
  const sealed = { security: { ...security, capabilities } }
  const status = await statusOf(t, sealed, { dropsSelf: true, by: inheriting })
  t.hasStrict(status, { ...nobody, CapInh: none, NoNewPrivs: '1' })
  const env = { HOME: '/root', USER: 'root' }
  const command = ['sh', '-c', 'echo "$HOME ${USER-none}"'] as const
  const processes = { web: { security: { user: 54321 }, command } }
  const { runs } = await drive(t, { processes, dropsSelf: true }, { env })
  t.equal(runs['web']?.[0]?.stdout, '/ none\n')
})

t.test(
  'it still finds what a process leaves behind in sessions of its own',
  { skip: needsRoot },
  async (t) => {
    const orphan = '{ setsid sh -c "echo up; exec sleep 1000 > /dev/null 2>&1" & } | read up'
    const command = ['sh', '-c', `${orphan}; ${orphan}`] as const
    // What Docker leaves of root's capabilities: no SYS_PTRACE, PERFMON or SYS_ADMIN to look into others with.
    const set = (BigInt(`0x${ownStatus()['CapPrm']}`) & 0xa80425fbn).toString(16)
    const by = [helper, `bounding=${set}`, `capabilities=${set}`, '--']
    const { self, runs } = await drive(
      t,
      { ...input, processes: { web: { security, command } } },
      { by },
    )
    t.match(self, { kind: 'dropped' })
    t.match(runs['web'], [{ end: 'code 0', left: 2 }])
  },
)

t.test(
  'its children can open their pipes anew, and are to die before it',
  { skip: needsRoot },
  async (t) => {
    const script = 'cat /proc/self/oom_score_adj > /dev/stdout; echo err > /dev/stderr'
    const command = ['sh', '-c', script] as const
    const by = [helper, 'oom=500', '--']
    const { runs } = await drive(t, { ...input, processes: { web: { security, command } } }, { by })
    t.match(runs['web'], [{ stdout: '550\n', stderr: 'err\n' }])
  },
)

t.test('it stays root where that user could not start anything', { skip: needsRoot }, async (t) => {
  const folder = install(0o700)
  const { self, threads, runs } = await drive(t, input, { folder })
  t.match(self, { kind: 'kept', reason: /^user 65534 cannot read .*ringmaster-exec$/ })
  for (const status of threads) t.match(fields(status), { Uid: '0\t0\t0\t0', Gid: '0\t0\t0\t0' })
  t.match(runs['web'], [{ report: 'executed', end: 'code 0' }])

  const by = [helper, 'groups=5', 'bounding=c0', 'capabilities=c0', '--']
  const { code, refused } = await drive(t, input, { by })
  t.equal(refused, null, 'SETUID and SETGID will do for one who drops itself')
  t.equal(code, 0)
  const closed = await drive(t, input, {
    folder,
    by: ['setpriv', '--bounding-set', '-kill', '--'],
  })
  t.equal(closed.code, 78)
  t.match(closed.refused, /^cannot give up root: user 65534 cannot read .* without CAP_KILL/)
})

t.test(
  'what takes root later is refused before anything changes',
  { skip: needsRoot },
  async (t) => {
    const securityContext = { runAsUser: 65534, supplementalGroups: [7, 8] }
    const web = script('echo "in $(id -G)"; exec sleep 1000', { securityContext })
    const path = configuration(t, { processes: { web } })
    const ringmaster = await inNamespace(t, ['run', path])
    await ringmaster.line(/^web\.1 \| in 65534 7 8$/)
    for (const [changed, reason] of [
      [{ resources: { nice: -5 } }, 'it needs root for nice -5'],
      [{ resources: { oomScoreAdj: -1000 } }, 'it needs root for oomScoreAdj -1000'],
      [
        { securityContext: { ...securityContext, allowPrivilegeEscalation: true } },
        'it needs root for allowPrivilegeEscalation',
      ],
      // Whoever was in these groups would be for good.
      [{ securityContext: { runAsUser: 65534 } }, 'runAsUser 65534 takes CAP_SETGID, .*'],
      [
        { securityContext: { ...securityContext, supplementalGroups: [7] } },
        '.* takes CAP_SETGID, .*',
      ],
    ] as const) {
      const text = { http: false, control: false, processes: { web: { ...web, ...changed } } }
      writeFileSync(path, JSON.stringify(text))
      ringmaster.signal('SIGHUP')
      const words = `nothing changes: cannot start web: ${reason}\\\\nroot was given up at the start`
      await ringmaster.line(new RegExp(words))
    }
    ringmaster.signal('SIGTERM')
    const { code, stdout } = await ringmaster.end()
    t.equal(code, 0)
    t.equal(stdout.match(/^web\.1 \| in/gm)?.length, 1)
  },
)

t.test('what the kernel refuses ends the start', { skip: needsRoot }, async (t) => {
  for (const call of [SETGROUPS, SETUID]) {
    const { code, refused } = await drive(t, input, { by: refuse(call) })
    t.equal(code, 78)
    t.match(refused, /^cannot give up root: .*EPERM.*set dropSelf: false$/)
  }
})

t.test('rights that outlive the change end the start', { skip: needsRoot }, async (t) => {
  const by = ['setpriv', '--securebits', '+no_setuid_fixup', '--']
  const { code, refused } = await drive(t, input, { by })
  t.equal(code, 78)
  t.match(
    refused,
    /^cannot give up root: thread \d+ still has .* the capabilities [0-9a-f]*[1-9a-f]/,
  )
})
