import t from 'tap'
import { likenessOf } from '../../../src/os/likeness.ts'
import { type Standing, standingOf } from '../../../src/os/standing.ts'

const all = (1n << 41n) - 1n
const [SETPCAP, NET_BIND_SERVICE, NET_RAW] = [1n << 8n, 1n << 10n, 1n << 13n]
const [SYS_RESOURCE, SYS_NICE] = [1n << 24n, 1n << 23n]

type Given = Partial<Omit<Standing, 'credentials' | 'confinement'>> &
  Partial<Standing['credentials']> &
  Partial<Standing['confinement']>

const nobody = { permitted: 0n, effective: 0n, inheritable: 0n, ambient: 0n }

/** Root of a machine, but for what is given. */
function root(given: Given = {}): Standing {
  const { rootDir = '/', namespaces = {}, label = '', ...others } = given
  const { seccomp = { mode: 0, filters: 0 }, uids = [0, 0, 0, 0], gids = [0, 0, 0, 0] } = given
  const { groups = [], permitted = all, effective = all, bounding = all } = given
  const { inheritable = 0n, ambient = 0n, hasNoNewPrivileges = false } = given
  return {
    ...{ limits: [], nice: 0, ioPriority: 0, umask: 0o22, oomScoreAdj: 0, cpus: '0-1' },
    ...{ environ: '', workingDir: '/', ...others },
    confinement: { rootDir, namespaces, label, seccomp },
    credentials: {
      ...{ uids, gids, groups, permitted, effective, bounding, inheritable, ambient },
      hasNoNewPrivileges,
    },
  }
}

function user(given: Given = {}): Standing {
  return root({ uids: [1, 1, 1, 1], gids: [1, 1, 1, 1], ...nobody, ...given })
}

function like(it: Standing, own = root()) {
  const reasons: string[] = []
  return { ...likenessOf(it, own, (reason) => reasons.push(reason)), reasons }
}

t.test('who is effective counts, not who one was or may be again', async (t) => {
  const lowered = root({ ...nobody, uids: [0, 33, 0, 33], gids: [0, 34, 0, 34], permitted: all })
  t.hasStrict(like(lowered), { user: { uid: 33, gid: 34, groups: [] }, capabilities: 0n })
  t.hasStrict(like(user({ permitted: NET_RAW })), { capabilities: 0n })
  const raised = user({ permitted: NET_RAW, effective: NET_RAW })
  t.hasStrict(like(raised), { capabilities: NET_RAW, inheritable: null })
})

t.test('root is left to the kernel where that gives it what it has', async (t) => {
  t.hasStrict(like(root()), { bounding: null, inheritable: null, capabilities: null })
  const bounded = { bounding: NET_RAW, permitted: NET_RAW, effective: NET_RAW }
  t.hasStrict(like(root(bounded)), { bounding: NET_RAW, capabilities: null })
  t.hasStrict(like(root({ ...bounded, bounding: all })), { bounding: null, capabilities: NET_RAW })
  const ambient = { inheritable: NET_RAW, ambient: NET_RAW }
  t.hasStrict(like(root(ambient)), { inheritable: NET_RAW, capabilities: all })
  const weak = root({ effective: all & ~SETPCAP })
  const dropped = root({ ...bounded, hasNoNewPrivileges: true })
  t.hasStrict(like(dropped, weak), { bounding: null, capabilities: NET_RAW, reasons: [] })
})

t.test('the inheritable set is its own, within its bounds', async (t) => {
  t.hasStrict(like(user({ inheritable: NET_RAW })), { inheritable: NET_RAW })
  t.hasStrict(like(user(), root({ inheritable: NET_RAW })), { inheritable: 0n })
  const outside = user({ inheritable: NET_RAW | NET_BIND_SERVICE, bounding: NET_RAW })
  t.hasStrict(like(outside), { inheritable: NET_RAW, bounding: NET_RAW })
})

t.test('what we cannot give is refused, and what we cannot take away', async (t) => {
  const reasons = (it: Standing, own: Standing) => like(it, own).reasons
  t.match(reasons(root(), user()), [/it holds CHOWN, DAC_OVERRIDE/])
  t.same(reasons(user(), user()), [])
  t.match(reasons(user({ bounding: NET_RAW }), user()), [/bounding set/])
  t.same(reasons(user({ bounding: NET_RAW, hasNoNewPrivileges: true }), user()), [])
  t.same(reasons(user({ bounding: NET_RAW }), user({ hasNoNewPrivileges: true })), [])
  t.same(reasons(user(), user({ bounding: NET_RAW })), [], 'less is no matter')
})

t.test('what confines it confines a command beside it, or there is none', async (t) => {
  const reasons = (it: Given, own: Given = {}) => like(root(it), root(own)).reasons
  t.match(reasons({ rootDir: '/srv' }), [/its root folder is \/srv/])
  const [here, there] = [
    { mnt: 'mnt:[1]', user: 'user:[1]' },
    { mnt: 'mnt:[1]', user: 'user:[2]' },
  ]
  t.same(reasons({ namespaces: here }, { namespaces: here }), [])
  t.match(reasons({ namespaces: there }, { namespaces: here }), [/another namespace: user$/])
  t.match(reasons({ label: 'small' }, { label: 'unconfined' }), [/"small".*"unconfined"/])
  const filters = (mode: number, filters?: number) => ({ seccomp: { mode, filters } })
  for (const [it, own, count] of [
    [filters(0, 0), filters(2, 1), 0],
    [filters(2, 1), filters(2, 1), 0],
    [filters(2, 1), filters(0, 0), 1],
    [filters(2, 2), filters(2, 1), 1],
    [filters(2), filters(2), 0],
    [filters(2), filters(0), 1],
    [filters(1, 0), filters(2, 1), 1],
    [filters(1, 0), filters(0, 0), 1],
  ] as const) {
    t.equal(reasons(it, own).length, count, JSON.stringify([it, own]))
  }
})

t.test('limits and priorities are never better than ours, unless we may give better', async (t) => {
  const limit = (soft: number | string, hard: number | string) => ({
    limits: [{ resource: 0, soft, hard }],
  })
  const weak = (given: Given) => root({ effective: all & ~SYS_RESOURCE & ~SYS_NICE, ...given })
  const it = root({ ...limit('5', 'unlimited'), nice: -3, ioPriority: 1 << 13 })
  t.hasStrict(like(it), {
    ...limit('5', 'unlimited'),
    nice: -3,
    ioPriority: { class: 1, level: 0 },
  })
  t.hasStrict(like(it, weak(limit('4', '9'))), { ...limit('5', '9'), nice: 0, ioPriority: null })
  t.hasStrict(like(it, weak(limit('1', '4'))), limit('4', '4'))
  const worse = user({ ...limit('3', '3'), nice: 9, ioPriority: (3 << 13) | 7, cpus: '1' })
  t.hasStrict(like(worse, weak({ ...limit('unlimited', 'unlimited'), ioPriority: 4 })), {
    ...{ ...limit('3', '3'), nice: 9, ioPriority: { class: 3, level: 7 }, cpuAffinity: '1' },
  })
})

t.test('a command like ourselves changes nothing of its capabilities', async (t) => {
  const own = standingOf(process.pid)
  if (own === undefined) return t.fail('it can be read')
  t.match(like(own, own), {
    ...{ reasons: [], bounding: null, inheritable: null, cpuAffinity: null, ioPriority: null },
    user: { uid: process.geteuid?.(), gid: process.getegid?.() },
  })
  t.equal(own.umask, process.umask())
  t.equal(own.workingDir, process.cwd())
})
