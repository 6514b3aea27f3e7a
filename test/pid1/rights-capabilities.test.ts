import t from 'tap'
import { drive, statusOf } from '../rig/driven.ts'
import { helper, needsRoot, ownStatus } from '../rig/exec-helper.ts'
import type { Given } from '../rig/rights.ts'

const bits = (set: bigint) => set.toString(16).padStart(16, '0')
const none = bits(0n)
const [SETPCAP, NET_BIND_SERVICE, NET_RAW] = [1n << 8n, 1n << 10n, 1n << 13n]
const own = BigInt(`0x${ownStatus()['CapBnd'] ?? '0'}`)
const bound = bits(NET_BIND_SERVICE)
/** Ringmaster with these in its permitted, effective and bounding set. */
const holding = (set: bigint) => [
  helper,
  `bounding=${bits(set)}`,
  `capabilities=${bits(set)}`,
  '--',
]
const asUser = (set: bigint) => [
  ...[helper, 'groups=', 'gid=1000', 'uid=1000', `capabilities=${bits(set)}`, '--'],
]
const add = ['NET_BIND_SERVICE']

t.test(
  'a user holds what is added, and the bounding set is what is left',
  { skip: needsRoot },
  async (t) => {
    const capabilities = { add, drop: ['ALL'] }
    t.hasStrict(await statusOf(t, { security: { user: 1000, capabilities } }), {
      ...{ CapInh: bound, CapPrm: bound, CapEff: bound, CapAmb: bound, CapBnd: bound },
      NoNewPrivs: '1',
    })
    const dropping = { user: 1000, capabilities: { add: [], drop: ['NET_RAW', 'SETPCAP'] } }
    t.hasStrict(await statusOf(t, { security: dropping }), {
      ...{ CapPrm: none, CapAmb: none, CapBnd: bits(own & ~NET_RAW & ~SETPCAP) },
    })
  },
)

t.test(
  'root holds its bounding set and no more, with and without no_new_privs',
  { skip: needsRoot },
  async (t) => {
    for (const allowsPrivilegeEscalation of [false, true]) {
      const security = (drop: string[]) => ({
        ...{ user: 0, allowsPrivilegeEscalation, capabilities: { add, drop } },
      })
      t.hasStrict(await statusOf(t, { security: security(['ALL']) }), {
        ...{ CapInh: none, CapPrm: bound, CapEff: bound, CapAmb: none, CapBnd: bound },
      })
      // As container runtimes did for long, which gives it back to root at exec.
      const by = ['setpriv', '--inh-caps', '+net_raw,+chown', '--']
      const kept = bits(own & ~NET_RAW)
      t.hasStrict(await statusOf(t, { security: security(['NET_RAW']) }, { by }), {
        ...{ CapInh: bits(1n), CapPrm: kept, CapEff: kept, CapBnd: kept },
      })
    }
  },
)

t.test(
  'what Ringmaster holds as a user is passed on only where nothing is asked',
  { skip: needsRoot },
  async (t) => {
    const by = asUser(NET_BIND_SERVICE | NET_RAW)
    const all = bits(NET_BIND_SERVICE | NET_RAW)
    const of = (capabilities: NonNullable<Given['security']>['capabilities']) =>
      statusOf(t, { security: { user: 1000, capabilities: capabilities ?? null } }, { by })
    t.hasStrict(await of(null), { CapPrm: all, CapEff: all, CapAmb: all })
    t.hasStrict(await of({ add, drop: [] }), { CapPrm: bound, CapEff: bound, CapAmb: bound })
    t.hasStrict(await of({ add: [], drop: ['ALL'] }), { CapPrm: none, CapInh: none, CapAmb: none })
    // SETUID, SETGID and KILL.
    const strong = await statusOf(t, { security: { user: 1001 } }, { by: asUser(0xe0n) })
    t.match(strong, { Uid: /^1001\t/, CapInh: none, CapPrm: none, CapEff: none, CapAmb: none })
  },
)

t.test(
  'without CAP_SETPCAP, drop: [ALL] leaves nothing that counts',
  { skip: needsRoot },
  async (t) => {
    const by = holding(own & ~SETPCAP)
    const capabilities = { add: [], drop: ['ALL'] }
    for (const user of [0, 65534]) {
      t.hasStrict(await statusOf(t, { security: { user, capabilities } }, { by }), {
        ...{ CapInh: none, CapPrm: none, CapEff: none, CapAmb: none, NoNewPrivs: '1' },
        CapBnd: bits(own & ~SETPCAP),
      })
    }
    const partly = { user: 0, capabilities: { add: [], drop: ['NET_RAW'] } }
    t.hasStrict(await statusOf(t, { security: partly }, { by }), {
      ...{ CapPrm: bits(own & ~SETPCAP & ~NET_RAW), CapEff: bits(own & ~SETPCAP & ~NET_RAW) },
    })
  },
)

t.test(
  'what Ringmaster cannot give, or cannot take, is refused',
  { skip: needsRoot },
  async (t) => {
    const refused = async (security: Given['security'], by: readonly string[]) => {
      const web = security ? { security } : {}
      const { code, refused } = await drive(t, { processes: { web } }, { by })
      t.equal(code, 78)
      return refused
    }
    const asked = { user: 1000, capabilities: { add, drop: [] } }
    t.match(
      await refused(asked, holding(own & ~NET_BIND_SERVICE)),
      /^cannot start web: capabilities.add: NET_BIND_SERVICE is not in the bounding set/,
    )
    t.match(await refused(asked, asUser(0n)), /NET_BIND_SERVICE is not held by Ringmaster/)
    const open = {
      ...asked,
      allowsPrivilegeEscalation: true,
      capabilities: { add: [], drop: ['ALL'] },
    }
    t.match(await refused(open, asUser(0n)), /capabilities.drop beside allowPrivilegeEscalation/)
  },
)
