import t from 'tap'
import { SupervisorError } from '../../../src/lib/errors.ts'
import type { OwnRights } from '../../../src/os/own-rights.ts'
import { resolveMore, resolveRights } from '../../../src/os/start-rights.ts'
import { parseUserDatabase } from '../../../src/os/users.ts'
import { type Given, ordinaryRights, ownRights, planWith } from '../../rig/rights.ts'

const database = parseUserDatabase('web:x:33:34::/srv/web:/bin/false', 'web:x:34:')
const { effective: all } = ownRights()
const without = (...bits: number[]) => {
  const set = bits.reduce((left, bit) => left & ~(1n << BigInt(bit)), all)
  return { permitted: set, effective: set, bounding: set }
}
const [KILL, SETGID, SETUID] = [5, 6, 7]

const resolved = (given: Given, own = ownRights()) =>
  [...resolveRights(planWith({ web: given }), own, database).values()][0]

function refusals(processes: Readonly<Record<string, Given>>, own: OwnRights): readonly string[] {
  try {
    resolveRights(planWith(processes), own, database)
    return []
  } catch (error) {
    if (!(error instanceof SupervisorError) || error.code !== 'START_REFUSED') throw error
    return error.message.split('\n')
  }
}

const asUser = (user: number | string): Given => ({ security: { user } })

t.test('a process gets its user, with no way back', async (t) => {
  t.strictSame(resolved(asUser('web')), {
    ...{ user: { uid: 33, gid: 34, groups: [] }, noNewPrivileges: true },
    ...{ userEnv: { HOME: '/srv/web', USER: 'web', LOGNAME: 'web' } },
    ...{ bounding: null, capabilities: 0n },
  })
  t.match(resolved({ security: { user: 'web', allowsPrivilegeEscalation: true } }), {
    noNewPrivileges: false,
  })
})

t.test('what already holds is no step, and needs no right', async (t) => {
  const none = { user: null, userEnv: {}, bounding: null, capabilities: null }
  t.hasStrict(resolved({}), none)
  t.hasStrict(resolved(asUser(0)), none)
  for (const own of [ordinaryRights(1000), ordinaryRights(1000, { bounding: 0n })]) {
    t.hasStrict(resolved({}, own), none)
    t.hasStrict(resolved(asUser(1000), own), none)
    const security = { user: 1000, group: 1000, isNonRoot: true }
    t.match(resolved({ security }, own), none)
    const capabilities = { add: [], drop: ['ALL'] }
    t.match(resolved({ security: { ...security, capabilities } }, own), {
      ...{ user: null, capabilities: 0n, noNewPrivileges: true },
    })
  }
  const inGroup = ordinaryRights(1000, { groups: [7, 8] })
  t.match(resolved({ security: { user: 1000, supplementalGroups: [8] } }, inGroup), none)
})

t.test('whoever asks for what Ringmaster may not give is refused', async (t) => {
  const refused = (given: Given, own: OwnRights, ...patterns: RegExp[]) => {
    const found = refusals({ web: given }, own)
    t.equal(found.length, patterns.length, found.join('\n'))
    for (const pattern of patterns)
      t.ok(
        found.some((line) => pattern.test(line)),
        `${found} is ${pattern}`,
      )
  }
  refused(
    asUser('web'),
    ordinaryRights(1000),
    /^cannot start web: runAsUser web takes CAP_SETUID and CAP_SETGID, which Ringmaster \(1000:1000\) does not have; start Ringmaster as root, or start it as 33:34$/,
  )
  refused(asUser('web'), ownRights(without(SETUID)), /runAsUser web takes CAP_SETUID, which/)
  refused(asUser('web'), ownRights(without(SETGID)), /runAsUser web takes CAP_SETGID, which/)
  const group = { security: { group: 5, supplementalGroups: [7, 8] } }
  refused(
    group,
    ordinaryRights(1000),
    /runAsGroup 5 with supplementalGroups 7, 8 takes CAP_SETGID, .* as 1000:5 with the groups 7, 8$/,
  )
  refused(
    { security: { user: 1000 } },
    ordinaryRights(1000, { gid: 0 }),
    /runAsUser 1000 takes CAP_SETGID, .* as 1000:1000, or write runAsGroup: 0$/,
  )
  refused(
    { security: { supplementalGroups: [7] } },
    ordinaryRights(1000),
    /supplementalGroups 7 takes CAP_SETGID, .* as 1000:1000 with the groups 7$/,
  )
  refused({ security: { isNonRoot: true } }, ownRights(), /runAsNonRoot forbids uid 0/)
  refused({ security: { user: 0, isNonRoot: true } }, ownRights(), /runAsNonRoot forbids uid 0/)
  const capabilities = { add: ['SYS_TIME'], drop: [] }
  refused(
    { security: { capabilities } },
    ordinaryRights(1000),
    /capabilities.add: SYS_TIME is not held/,
  )
  refused(
    { resources: { rlimits: { files: 3 } } },
    ownRights(),
    /no limit "files"; known are .*nofile/,
  )
})

t.test('a user that the user namespace does not have is refused', async (t) => {
  const map = { uidMap: [[0, 1]], gidMap: [[0, 1]] } as const
  t.match(refusals({ web: asUser('web') }, ownRights(map)), [
    /runAsUser web: this user namespace has no user 33 and no group 34;/,
  ])
  // As one who is no root makes it, and is root in it.
  const inherited = ownRights({ ...map, groups: [65534], maySetGroups: false })
  t.same(refusals({ web: asUser(0), job: {} }, inherited), [])
  const wide = { uidMap: [[0, 100]], gidMap: [[0, 100]], groups: [65534] } as const
  t.match(resolved(asUser('web'), ownRights(wide)), { user: { uid: 33, groups: [] } })
  t.same(resolved(asUser('web'), ownRights(wide))?.user?.groups, [])
  t.same(refusals({ web: asUser(0) }, ownRights({ ...map, maySetGroups: false })), [])
  const groups = { security: { user: 0, supplementalGroups: [0] } }
  t.match(refusals({ web: groups }, ownRights({ ...map, maySetGroups: false })), [
    /supplementalGroups 0 changes groups, which this user namespace forbids/,
  ])
})

t.test('whom Ringmaster could not stop is refused', async (t) => {
  const own = ownRights(without(KILL))
  t.match(refusals({ web: asUser('web'), job: asUser(0) }, own), [
    /^cannot start web: runAsUser 33 takes CAP_KILL/,
  ])
  t.same(refusals({ job: asUser(0) }, own), [])
  const plan = planWith({ web: asUser('web'), api: asUser('web') }, true)
  t.equal(resolveRights(plan, own, database).size, 1, 'unless it becomes the same user')
})

t.test('all that is wrong with all processes is told at once, each thing once', async (t) => {
  const plan = planWith({
    web: { security: { user: 'nobody-here', group: 'none' }, resources: { rlimits: { x: 1 } } },
    job: { security: { user: 0, isNonRoot: true } },
  })
  const [web] = plan.processes
  const processes = [...(web ? [web, web] : []), ...plan.processes.slice(1)]
  t.throws(() => resolveRights({ ...plan, processes }, ownRights(), database), {
    code: 'START_REFUSED',
    message:
      /^cannot start web: .*"x".*\ncannot start web: .*nobody-here.*\ncannot start web: .*none.*\ncannot start job: .*$/,
  })
})

t.test(
  'a plan that comes later asks only for what is new, and hears of what was given up',
  async (t) => {
    const plan = planWith({ web: asUser('web') })
    const known = resolveRights(plan, ownRights(), database)
    const user = { uid: 33, gid: 34, groups: [] }
    const self = { kind: 'dropped', user, rights: known, startGroups: [] } as const
    t.equal(resolveMore(plan, known, self).size, 0)
    const other = planWith({ web: { security: { user: 'nobody-has-this-name' } } })
    t.throws(() => resolveMore(other, known, self), {
      code: 'START_REFUSED',
      message: /nobody-has-this-name.*\nroot was given up at the start: set dropSelf: false/,
    })
    const kept = { kind: 'kept', reason: '', rights: known } as const
    t.throws(() => resolveMore(other, known, kept), { message: /nobody-has-this-name.*$/ })
    for (const [resources, need] of [
      [{ nice: -20 }, 'nice -20'],
      [{ rlimits: { nofile: 2 ** 40 } }, 'rlimits.nofile 1099511627776'],
    ] as const) {
      const plan = planWith({ web: { ...asUser('web'), resources }, api: asUser('web') })
      t.throws(() => resolveMore(plan, known, self), {
        code: 'START_REFUSED',
        message: new RegExp(`^cannot start web: it needs root for ${need}\nroot was given up at`),
      })
      t.equal(resolveMore(plan, known, kept).size, 0, 'that is told by the kernel')
    }
  },
)
