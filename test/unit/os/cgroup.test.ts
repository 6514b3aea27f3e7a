import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { createCgroup } from '../../../src/os/cgroup.ts'

const noLimit = '9223372036854771712'

t.test('cgroup v2 in a namespace of its own, as most containers are', async (t) => {
  const cgroup = machine(t, {
    'proc/self/cgroup': '0::/',
    'proc/self/mountinfo': '31 23 0:28 / /sys/fs/cgroup ro,nosuid - cgroup2 cgroup rw,nsdelegate',
    'sys/fs/cgroup/memory.current': '1048576',
    'sys/fs/cgroup/memory.max': '33554432',
    'sys/fs/cgroup/memory.events': 'low 0\nhigh 3\nmax 7\noom 2\noom_kill 1\noom_group_kill 0',
    'sys/fs/cgroup/cpu.max': '150000 100000',
  })
  t.strictSame(
    [cgroup.memoryBytes(), cgroup.memoryLimitBytes(), cgroup.oomKills(), cgroup.cpus()],
    [1048576, 33554432, 1, 1.5],
  )
})

t.test(
  'cgroup v2 with the host’s names in a container: what is below the mount counts',
  async (t) => {
    const cgroup = machine(t, {
      'proc/self/cgroup': '0::/kubepods/pod1/box',
      'proc/self/mountinfo': '31 23 0:28 /kubepods/pod1 /sys/fs/cgroup ro - cgroup2 cgroup rw',
      'sys/fs/cgroup/box/memory.current': '7',
      'sys/fs/cgroup/box/memory.events': 'oom_kill 4',
    })
    t.equal(cgroup.memoryBytes(), 7)
    t.equal(cgroup.oomKills(), 4)
  },
)

t.test('the least limit of all groups above counts', async (t) => {
  const cgroup = machine(t, {
    'proc/self/cgroup': '0::/pod/box',
    'proc/self/mountinfo': '31 23 0:28 / /sys/fs/cgroup ro - cgroup2 cgroup rw',
    'sys/fs/cgroup/pod/box/memory.max': 'max',
    'sys/fs/cgroup/pod/memory.max': '4096',
    'sys/fs/cgroup/memory.max': '8192',
    'sys/fs/cgroup/pod/box/cpu.max': '400000 100000',
    'sys/fs/cgroup/pod/cpu.max': '50000 100000',
  })
  t.equal(cgroup.memoryLimitBytes(), 4096)
  t.equal(cgroup.cpus(), 0.5)
})

t.test('cgroup v1, in a container without a cgroup namespace', async (t) => {
  const cgroup = machine(t, {
    'proc/self/cgroup': '5:cpu,cpuacct:/docker/1f\n4:memory:/docker/1f\n1:name=systemd:/docker/1f',
    'proc/self/mountinfo': [
      '30 23 0:27 /docker/1f /sys/fs/cgroup/systemd ro - cgroup cgroup rw,name=systemd',
      '31 23 0:28 /docker/1f /sys/fs/cgroup/memory ro master:9 - cgroup cgroup rw,memory',
      '32 23 0:29 /docker/1f /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpu,cpuacct',
    ].join('\n'),
    'sys/fs/cgroup/memory/memory.usage_in_bytes': '5',
    'sys/fs/cgroup/memory/memory.limit_in_bytes': '6',
    'sys/fs/cgroup/memory/memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 3',
    'sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '300000',
    'sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us': '200000',
  })
  t.strictSame(
    [cgroup.memoryBytes(), cgroup.memoryLimitBytes(), cgroup.oomKills(), cgroup.cpus()],
    [5, 6, 3, 1.5],
  )
})

t.test('v1 and v2 at once: each controller where it is', async (t) => {
  const cgroup = machine(t, {
    'proc/self/cgroup': '4:memory:/box\n0::/other',
    'proc/self/mountinfo': [
      '31 23 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw',
      '32 23 0:29 / /sys/fs/cgroup/my\\040memory rw - cgroup cgroup rw,memory',
    ].join('\n'),
    'sys/fs/cgroup/my memory/box/memory.usage_in_bytes': '11',
    'sys/fs/cgroup/unified/other/memory.current': '12',
    'sys/fs/cgroup/unified/other/cpu.max': '100000 100000',
  })
  t.equal(cgroup.memoryBytes(), 11)
  t.equal(cgroup.cpus(), 1)
})

t.test('without a limit there is none, and all CPUs may be used', async (t) => {
  const v2 = machine(t, {
    'proc/self/cgroup': '0::/',
    'proc/self/mountinfo': '31 23 0:28 / /sys/fs/cgroup ro - cgroup2 cgroup rw',
    'sys/fs/cgroup/memory.max': 'max',
    'sys/fs/cgroup/cpu.max': 'max 100000',
  })
  t.equal(v2.memoryLimitBytes(), undefined)
  t.equal(v2.cpus(), 4)
  const v1 = machine(t, {
    'proc/self/cgroup': '4:memory,cpu:/',
    'proc/self/mountinfo': '31 23 0:28 / /cg ro - cgroup cgroup rw,memory,cpu',
    'cg/memory.limit_in_bytes': noLimit,
    'cg/cpu.cfs_quota_us': '-1',
    'cg/cpu.cfs_period_us': '100000',
  })
  t.equal(v1.memoryLimitBytes(), undefined)
  t.equal(v1.cpus(), 4)
})

t.test('a quota above the CPUs that may be run on gives no more of them', async (t) => {
  const cgroup = machine(t, {
    'proc/self/cgroup': '0::/',
    'proc/self/mountinfo': '31 23 0:28 / /sys/fs/cgroup ro - cgroup2 cgroup rw',
    'sys/fs/cgroup/cpu.max': '900000 100000',
  })
  t.equal(cgroup.cpus(), 4)
})

t.test('what cannot be known is nothing, and no error', async (t) => {
  const mount = '31 23 0:28 / /sys/fs/cgroup ro - cgroup2 cgroup rw'
  const cases: Record<string, Record<string, string>> = {
    'no /proc but for this': {},
    'no mount': { 'proc/self/cgroup': '0::/' },
    'no such files': { 'proc/self/cgroup': '0::/', 'proc/self/mountinfo': mount },
    'a group outside of the namespace': {
      'proc/self/cgroup': '0::/../other',
      'proc/self/mountinfo': mount,
      'sys/fs/cgroup/other/memory.current': '1',
      'sys/fs/other/memory.current': '1',
    },
    'a mount of what is above the namespace': {
      'proc/self/cgroup': '0::/',
      'proc/self/mountinfo': '31 23 0:28 /../.. /sys/fs/cgroup ro - cgroup2 cgroup rw',
      'sys/fs/cgroup/memory.current': '1',
    },
    'a mount of another group': {
      'proc/self/cgroup': '0::/boxes',
      'proc/self/mountinfo': '31 23 0:28 /box /sys/fs/cgroup ro - cgroup2 cgroup rw',
      'sys/fs/cgroup/memory.current': '1',
    },
    'no text that means something': {
      'proc/self/cgroup': 'what\n0::/',
      'proc/self/mountinfo': `?\n${mount}`,
      'sys/fs/cgroup/memory.current': '-',
      'sys/fs/cgroup/memory.max': '',
      'sys/fs/cgroup/memory.events': 'oom_kill',
      'sys/fs/cgroup/cpu.max': '0 0',
    },
  }
  for (const [title, files] of Object.entries(cases)) {
    const cgroup = machine(t, files)
    t.strictSame(
      [cgroup.memoryBytes(), cgroup.memoryLimitBytes(), cgroup.oomKills(), cgroup.cpus()],
      [undefined, undefined, undefined, 4],
      title,
    )
  }
})

t.test('without /proc the CPUs are not known either', async (t) => {
  t.equal(machine(t, { 'proc/self/status': '' }).cpus(), undefined)
})

t.test('this machine says the same as its files', async (t) => {
  const cgroup = createCgroup()
  t.ok((cgroup.cpus() ?? 0) > 0)
  const bytes = cgroup.memoryBytes()
  if (bytes === undefined) t.notMatch(readFileSync('/proc/self/cgroup', 'utf8'), /:memory:/)
  else t.ok(bytes > process.memoryUsage().rss / 2, 'at least what this process has')
})

/** A machine with these files that lets us run on 4 CPUs. */
function machine(t: Test, files: Record<string, string>) {
  const own = mkdtempSync(join(tmpdir(), 'cgroup-'))
  t.teardown(() => rmSync(own, { recursive: true }))
  const all = { 'proc/self/status': 'Name:\tnode\nCpus_allowed_list:\t0-2,8', ...files }
  for (const [name, text] of Object.entries(all)) {
    mkdirSync(dirname(join(own, name)), { recursive: true })
    writeFileSync(join(own, name), `${text}\n`)
  }
  return createCgroup(own)
}
