import t from 'tap'
import { isSameUser, parseUserDatabase, resolveIdentity } from '../../../src/os/users.ts'
import type { SecuritySpec } from '../../../src/plan/instance-spec.ts'
import { ownRights, security } from '../../rig/rights.ts'

const database = parseUserDatabase(
  [
    'root:x:0:0:root:/root:/bin/sh',
    'web:x:33:34::/srv/web:/bin/false',
    '# a comment, and a torn line',
    'half:x:7',
    '1234:x:44:45::/srv/digits:/bin/false',
    'homeless:x:46:46:::',
    'groupless:x:47:::/srv/groupless:/bin/false',
    'grouped:x:48:users::/srv/grouped:/bin/false',
  ].join('\n'),
  ['root:x:0:', 'web:x:34:', 'logs:x:50:web,other', 'disk:x:6:root', 'users:x:100:'].join('\n'),
)
const root = { uid: 0, gid: 0, groups: [0, 6, 2000] }

function identityOf(
  user: string | number | null,
  given: Partial<SecuritySpec> = {},
  own: Parameters<typeof ownRights>[0] = root,
) {
  const refusals: string[] = []
  const refuse = (reason: string) => refusals.push(reason)
  const identity = resolveIdentity(security({ user, ...given }), ownRights(own), database, refuse)
  return { identity, refusals }
}

t.test(
  'a user has the ids, groups and home of /etc/passwd and /etc/group, by name or number',
  async (t) => {
    const web = {
      ...{ uid: 33, gid: 34, groups: [50, 2000] },
      env: { HOME: '/srv/web', USER: 'web', LOGNAME: 'web' },
    }
    t.same(identityOf('web'), { identity: web, refusals: [] })
    t.same(identityOf(33), { identity: web, refusals: [] })
    t.same(identityOf('33'), { identity: web, refusals: [] })
    t.match(identityOf('1234').identity, { uid: 44 }, 'a name may be made of digits')
    t.match(identityOf('homeless').identity, { env: { HOME: '/' } })
  },
)

t.test(
  "groups that the runtime gave Ringmaster are kept; root's own, and 0, are not",
  async (t) => {
    t.same(identityOf(1234).identity?.groups, [2000])
  },
)

t.test('groups that are asked for are added, each once', async (t) => {
  const supplementalGroups = [7, 50, 2000]
  t.same(identityOf('web', { supplementalGroups }).identity?.groups, [50, 7, 2000])
  t.same(identityOf(1234, { supplementalGroups }).identity?.groups, [7, 50, 2000])
  t.same(identityOf(0, { supplementalGroups: [7, 6] }).identity?.groups, [0, 6, 2000, 7])
})

t.test(
  'a number needs no entry: its group is the same number, its home /, its name unsaid',
  async (t) => {
    t.strictSame(identityOf(1234).identity, {
      ...{ uid: 1234, gid: 1234, groups: [2000] },
      env: { HOME: '/', USER: undefined, LOGNAME: undefined },
    })
  },
)

t.test('an entry without a group is none: nobody gets group 0 by it', async (t) => {
  t.match(identityOf(47).identity, { uid: 47, gid: 47, env: { HOME: '/' } })
})

t.test('a group is taken by name or number', async (t) => {
  t.equal(identityOf('web', { group: 'users' }).identity?.gid, 100)
  t.equal(identityOf('web', { group: 7 }).identity?.gid, 7)
  t.equal(identityOf('web', { group: 0 }).identity?.gid, 0)
  t.match(identityOf(null, { group: 'users' }).identity, { uid: 0, gid: 100 })
})

t.test('who stays the same user keeps all that it is', async (t) => {
  const same = { identity: { ...root, env: {} }, refusals: [] }
  t.same(identityOf(null), same)
  t.same(identityOf(0), same)
  t.same(identityOf('root'), same)
  const user = { uid: 1000, gid: 1000, groups: [5, 0] }
  t.same(identityOf(1000, {}, user).identity, { ...user, env: {} })
  t.match(
    identityOf(null, {}, { uid: 1000, gid: 0, groups: [] }).identity,
    { gid: 0 },
    'the group too',
  )
  t.match(
    identityOf(1000, {}, { uid: 1000, gid: 0, groups: [] }).identity,
    { gid: 1000 },
    'but 0 only where it is written',
  )
})

t.test('a Ringmaster that became a user has children with the home of that user', async (t) => {
  const dropped = { startUid: 0, startGroups: [0], uid: 33, gid: 34, groups: [50] }
  const env = { HOME: '/srv/web', USER: 'web', LOGNAME: 'web' }
  t.same(identityOf('web', {}, dropped).identity, { uid: 33, gid: 34, groups: [50], env })
  t.same(identityOf(null, {}, dropped).identity, { uid: 33, gid: 34, groups: [50], env })
})

t.test(
  'a Ringmaster that became a user has no groups to give but those of its start',
  async (t) => {
    const dropped = {
      startUid: 0,
      startGroups: [0, 6, 2000],
      uid: 33,
      gid: 34,
      groups: [7, 50, 2000],
    }
    t.same(identityOf('web', {}, dropped).identity?.groups, [50, 2000])
    t.same(identityOf(33, { supplementalGroups: [7] }, dropped).identity?.groups, [50, 7, 2000])
    const ordinary = { uid: 33, gid: 34, groups: [7, 50, 2000] }
    t.same(identityOf('web', {}, ordinary).identity?.groups, [7, 50, 2000])
  },
)

t.test('users are the same whatever the order of their groups', async (t) => {
  const one = { uid: 1, gid: 2, groups: [3, 4] }
  t.ok(isSameUser(one, { ...one, groups: [4, 3, 3] }))
  for (const other of [{ uid: 9 }, { gid: 9 }, { groups: [3] }, { groups: [3, 4, 5] }]) {
    t.notOk(isSameUser(one, { ...one, ...other }))
  }
})

t.test('a name that nobody has is refused by name', async (t) => {
  for (const [user, group, message] of [
    ['nobody-here', null, 'runAsUser "nobody-here" is not in /etc/passwd'],
    ['web', 'no-group', 'runAsGroup "no-group" is not in /etc/group'],
    ['groupless', null, 'runAsUser "groupless" is not in /etc/passwd'],
    ['grouped', null, 'runAsUser "grouped" is not in /etc/passwd'],
    ['', null, 'runAsUser "" is not'],
    ['-1', null, 'runAsUser "-1" is not'],
    [2 ** 32 - 1, null, 'runAsUser "4294967295" is not'],
  ] as const) {
    const { identity, refusals } = identityOf(user, { group })
    t.equal(identity, null, message)
    t.match(refusals, [message])
    t.equal(refusals.length, 1)
  }
  t.equal(identityOf('nobody', { group: 'none' }).refusals.length, 2, 'both are told')
})
