import t from 'tap'
import { SupervisorError } from '../../../src/lib/errors.ts'
import { parseUserDatabase, resolveIdentity } from '../../../src/os/users.ts'
import { processSpec } from '../../rig/specs.ts'

const database = parseUserDatabase(
  [
    'root:x:0:0:root:/root:/bin/sh',
    'web:x:33:34::/srv/web:/bin/false',
    '# a comment, and a torn line',
    'half:x:7',
  ].join('\n'),
  ['root:x:0:', 'web:x:34:', 'logs:x:50:web,other', 'disk:x:6:root', 'users:x:100:'].join('\n'),
)
const root = { uid: 0, gid: 0, groups: [0, 6, 2000] }

function identityOf(
  runAsUser: string | number | null,
  runAsGroup: string | number | null = null,
  own = root,
) {
  const [spec] = processSpec('web').instances
  if (spec === undefined) throw new Error('no instance')
  const security = { ...spec.security, user: runAsUser, group: runAsGroup }
  return resolveIdentity({ ...spec, security }, own, database)
}

t.test(
  'a user has the ids, groups and home of /etc/passwd and /etc/group, by name or number',
  async (t) => {
    const web = {
      uid: 33,
      gid: 34,
      groups: [50, 2000],
      env: { HOME: '/srv/web', USER: 'web', LOGNAME: 'web' },
    }
    t.same(identityOf('web'), web)
    t.same(identityOf(33), web)
    t.same(identityOf('33'), web)
  },
)

t.test(
  "groups that the runtime gave Ringmaster are kept; root's own, and 0, are not",
  async (t) => {
    t.same(identityOf(1234)?.groups, [2000])
  },
)

t.test('a number needs no entry: its group is the same number, its home /', async (t) => {
  t.same(identityOf(1234), { uid: 1234, gid: 1234, groups: [2000], env: { HOME: '/' } })
})

t.test('a group is taken by name or number', async (t) => {
  t.equal(identityOf('web', 'users')?.gid, 100)
  t.equal(identityOf('web', 7)?.gid, 7)
  t.equal(identityOf(null, 'users')?.uid, 0)
})

t.test('nothing is changed for a process that runs as Ringmaster itself does', async (t) => {
  t.equal(identityOf(null), null)
  t.equal(identityOf(0), null)
  t.equal(identityOf('root'), null)
  t.equal(identityOf(1000, null, { uid: 1000, gid: 1000, groups: [1000] }), null)
})

t.test('a name that nobody has is refused by name', async (t) => {
  for (const [user, group, message] of [
    ['nobody-here', null, /cannot start web: runAsUser "nobody-here" is not in \/etc\/passwd/],
    ['web', 'no-group', /cannot start web: runAsGroup "no-group" is not in \/etc\/group/],
    ['', null, /runAsUser ""/],
    [2 ** 32 - 1, null, /runAsUser "4294967295"/],
  ] as const) {
    t.throws(() => identityOf(user, group), new SupervisorError('START_REFUSED', ''), `${user}`)
    t.throws(() => identityOf(user, group), { message })
  }
})
