import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { getPriority } from 'node:os'
import t, { type Test } from 'tap'
import { knownLimits, limitNumber, ownHardLimit } from '../../src/os/resources.ts'
import { type DriveSetting, drive } from '../rig/driven.ts'
import { asUser, helper, needsUser } from '../rig/exec-helper.ts'
import type { Given } from '../rig/rights.ts'
import { needsNamespace } from '../rig/ringmaster.ts'

const ownOom = Number(readFileSync('/proc/self/oom_score_adj', 'latin1'))

async function runOf(t: Test, script: string, given: Given, setting: DriveSetting = {}) {
  const web: Given = { command: ['sh', '-c', script], ...given }
  const { runs } = await drive(t, { processes: { web } }, setting)
  return runs['web']?.[0]
}

t.test('limits have the names, and the values, that the machine gives them', async (t) => {
  const table = ['--raw', '--noheadings', '--output=RESOURCE,HARD']
  const rows = execFileSync('prlimit', table, { encoding: 'utf8' }).trim().split('\n')
  t.equal(rows.length, knownLimits.split(', ').length)
  for (const row of rows) {
    const [resource = '', hard] = row.split(' ')
    const name = resource.toLowerCase()
    t.type(limitNumber(name), 'number', name)
    t.equal(ownHardLimit(name), hard === 'unlimited' ? Number.POSITIVE_INFINITY : Number(hard))
  }
})

t.test('a process has the resources that are asked for', { skip: needsNamespace }, async (t) => {
  const nice = Math.min(getPriority() + 3, 19)
  const resources = { nice, umask: 0o27, rlimits: { nofile: 64, core: 0 }, oomScoreAdj: 900 }
  const script = 'umask; ulimit -Sn; ulimit -Hn; ulimit -c; nice; cat /proc/self/oom_score_adj'
  const run = await runOf(t, script, { resources })
  t.equal(run?.stdout, `0027\n64\n64\n0\n${nice}\n900\n`)
})

t.test('its I/O class and its CPUs are those', { skip: needsNamespace }, async (t) => {
  const [cpu = ''] =
    /^Cpus_allowed_list:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.slice(1) ?? []
  const script = 'ionice; grep -o "Cpus_allowed_list.*" /proc/self/status'
  const of = async (resources: Given['resources']) =>
    (await runOf(t, script, resources ? { resources } : {}))?.stdout
  const list = `Cpus_allowed_list:\t${cpu}\n`
  t.equal(await of({ ioClass: 'idle', cpuAffinity: cpu }), `idle\n${list}`)
  t.equal(await of({ ioClass: 'best-effort', cpuAffinity: cpu }), `best-effort: prio 4\n${list}`)
  t.equal(await of({ ioClass: 'best-effort:7', cpuAffinity: cpu }), `best-effort: prio 7\n${list}`)
})

t.test('it is to die before Ringmaster', { skip: needsNamespace }, async (t) => {
  const of = async (setting: DriveSetting = {}) =>
    (await runOf(t, 'cat /proc/self/oom_score_adj', {}, setting))?.stdout
  t.equal(await of(), `${Math.min(ownOom + 50, 1000)}\n`)
  t.equal(await of({ by: [helper, 'oom=980', '--'] }), '1000\n', 'and 1000 is the most')
  const sealed = 'mount -o remount,ro,bind /proc && exec "$@"'
  const by = ['unshare', '-m', 'sh', '-c', `mount --bind /proc /proc && ${sealed}`, 'sh']
  t.equal(await of({ by }), `${ownOom}\n`, 'which nothing depends on')
})

t.test(
  'what the kernel refuses is told with its value, and what it takes',
  { skip: needsUser || needsNamespace },
  async (t) => {
    const of = async (resources: Given['resources']) => {
      const by = [helper, 'rlimit=7:64:64', '--', ...asUser]
      const run = await runOf(t, 'echo ran', resources ? { resources } : {}, { by })
      t.match(run, { end: 'code 126', stdout: '' })
      return run?.report
    }
    t.equal(
      await of({ rlimits: { core: 0, nofile: 65 } }),
      'EPERM rlimits.nofile=65 (to raise a hard limit takes CAP_SYS_RESOURCE)',
    )
    t.equal(
      await of({ nice: -20 }),
      "EACCES nice=-20 (a value below Ringmaster's own takes CAP_SYS_NICE)",
    )
    t.equal(
      await of({ cpuAffinity: '8191' }),
      'EINVAL cpuAffinity=8191 (Ringmaster may run on none of them)',
    )
    t.equal(
      await of({ oomScoreAdj: -1000 }),
      "EACCES oomScoreAdj=-1000 (a value below Ringmaster's own takes CAP_SYS_RESOURCE)",
    )
  },
)
