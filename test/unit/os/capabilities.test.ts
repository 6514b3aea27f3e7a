import t from 'tap'
import { resolveCapabilities } from '../../../src/os/capabilities.ts'
import type { OwnRights } from '../../../src/os/own-rights.ts'
import type { SecuritySpec } from '../../../src/plan/instance-spec.ts'
import { ordinaryRights, ownRights, security } from '../../rig/rights.ts'

const [SETPCAP, NET_BIND_SERVICE, NET_RAW] = [1n << 8n, 1n << 10n, 1n << 13n]
const { bounding: all } = ownRights()

function stepsOf(
  capabilities: SecuritySpec['capabilities'],
  uid: number,
  own: OwnRights,
  given: Partial<SecuritySpec> = {},
) {
  const refusals: string[] = []
  const refuse = (reason: string) => refusals.push(reason)
  const steps = resolveCapabilities(security({ capabilities, ...given }), uid, own, refuse)
  return { ...steps, refusals }
}

t.test('where nothing is asked the kernel decides, but nobody takes rights along', async (t) => {
  const own = ownRights()
  t.hasStrict(stepsOf(null, 0, own), { bounding: null, capabilities: null })
  t.hasStrict(stepsOf(null, 1000, own), { bounding: null, capabilities: 0n }, 'another user')
  t.hasStrict(stepsOf(null, 1000, ordinaryRights(1000)), { bounding: null, capabilities: null })
  const strong = ordinaryRights(1000, { permitted: all, effective: all })
  t.hasStrict(stepsOf(null, 1001, strong), { capabilities: 0n })
  t.hasStrict(stepsOf(null, 0, strong), { capabilities: null })
})

t.test('a user holds what is added, and the bounding set loses what is dropped', async (t) => {
  const capabilities = { add: ['NET_BIND_SERVICE'], drop: ['ALL'] }
  t.strictSame(stepsOf(capabilities, 1000, ownRights()), {
    ...{ bounding: NET_BIND_SERVICE, capabilities: NET_BIND_SERVICE, refusals: [] },
  })
  t.hasStrict(stepsOf({ add: [], drop: ['NET_RAW'] }, 1000, ownRights()), {
    ...{ bounding: all & ~NET_RAW, capabilities: 0n },
  })
  t.hasStrict(stepsOf({ add: ['ALL'], drop: [] }, 1000, ownRights()), {
    ...{ bounding: all, capabilities: all },
  })
})

t.test('root holds its bounding set', async (t) => {
  const capabilities = { add: ['NET_BIND_SERVICE'], drop: ['ALL'] }
  t.strictSame(stepsOf(capabilities, 0, ownRights()), {
    ...{ bounding: NET_BIND_SERVICE, capabilities: null, refusals: [] },
  })
})

t.test('without CAP_SETPCAP the sets that count are emptied instead', async (t) => {
  const drop = { add: [], drop: ['ALL'] }
  const user = ordinaryRights(1000)
  t.strictSame(stepsOf(drop, 1000, user), { bounding: null, capabilities: 0n, refusals: [] })
  const weak = ownRights({ effective: all & ~SETPCAP, permitted: all & ~SETPCAP })
  t.strictSame(stepsOf({ add: [], drop: ['NET_RAW'] }, 0, weak), {
    ...{ bounding: null, capabilities: all & ~SETPCAP & ~NET_RAW, refusals: [] },
  })
  const bounded = ordinaryRights(1000, { bounding: 0n })
  t.strictSame(
    stepsOf(drop, 1000, bounded),
    { bounding: 0n, capabilities: 0n, refusals: [] },
    'nothing to drop',
  )
})

t.test('that needs no_new_privs: without it, it is refused', async (t) => {
  const drop = { add: [], drop: ['ALL'] }
  const given = { allowsPrivilegeEscalation: true }
  t.match(stepsOf(drop, 1000, ordinaryRights(1000), given).refusals, [
    /^capabilities.drop beside allowPrivilegeEscalation takes CAP_SETPCAP/,
  ])
  const held = ordinaryRights(1000, { hasNoNewPrivileges: true })
  t.same(stepsOf(drop, 1000, held, given).refusals, [], 'Ringmaster has it, and so its children')
  t.same(stepsOf(drop, 1000, ownRights(), given).refusals, [])
})

t.test('what cannot be added is refused by name', async (t) => {
  const add = { add: ['NET_BIND_SERVICE', 'NET_RAW'], drop: [] }
  const outside = ownRights({ bounding: all & ~NET_RAW })
  t.match(stepsOf(add, 1000, outside).refusals, [
    /^capabilities.add: NET_RAW is not in the bounding set/,
  ])
  t.match(stepsOf(add, 1000, ordinaryRights(1000)).refusals, [
    /^capabilities.add: NET_BIND_SERVICE, NET_RAW is not held by Ringmaster/,
  ])
  const held = ordinaryRights(1000, { permitted: NET_RAW | NET_BIND_SERVICE })
  const both = NET_RAW | NET_BIND_SERVICE
  t.strictSame(stepsOf(add, 1000, held), { bounding: all, capabilities: both, refusals: [] })
  t.match(stepsOf({ add: ['NET_ALL'], drop: ['CAP_KILL'] }, 1000, ownRights()).refusals, [
    'capabilities.add: there is no capability "NET_ALL"; see capabilities(7)',
    'capabilities.drop: there is no capability "CAP_KILL"; see capabilities(7)',
  ])
})
