import { chmodSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { drive, statusOf } from '../rig/driven.ts'
import { helper, needsRoot, shared } from '../rig/exec-helper.ts'
import { installWith } from '../rig/installation.ts'
import { alone, inNamespace } from '../rig/ringmaster.ts'
import { script, supervise } from '../rig/supervise.ts'

const none = '0'.repeat(16)
const nobody = { user: 65534, group: 65533 }
/** Ringmaster as a user of a container, with and without what such a one may still gain. */
const user1000 = [helper, 'groups=', 'gid=1000', 'uid=1000', '--']
const sealed1000 = [helper, 'bounding=0', ...user1000.slice(1)]

t.test(
  'a process has its user, its groups and no others, for good',
  { skip: needsRoot },
  async (t) => {
    const status = await statusOf(t, { security: { ...nobody, supplementalGroups: [7, 8] } })
    t.hasStrict(status, {
      ...{ Uid: '65534\t65534\t65534\t65534', Gid: '65533\t65533\t65533\t65533', Groups: '7 8' },
      ...{ CapInh: none, CapPrm: none, CapEff: none, CapAmb: none, NoNewPrivs: '1' },
    })
  },
)

t.test(
  'what the runtime gave Ringmaster is kept, without the group of root',
  { skip: needsRoot },
  async (t) => {
    const by = [helper, 'groups=0,2000,2001', '--']
    t.hasStrict(await statusOf(t, { security: nobody }, { by }), { Groups: '2000 2001' })
    const asked = { ...nobody, supplementalGroups: [5, 2000] }
    t.hasStrict(await statusOf(t, { security: asked }, { by }), { Groups: '5 2000 2001' })
    const root = { user: 0, supplementalGroups: [5] }
    t.hasStrict(await statusOf(t, { security: root }, { by }), { Groups: '0 5 2000 2001' })
  },
)

t.test(
  'a number without an entry has / as its home, and no name',
  { skip: needsRoot },
  async (t) => {
    const command = ['sh', '-c', 'echo "$HOME ${USER-none} ${LOGNAME-none}"'] as const
    const env = { HOME: '/root', USER: 'root', LOGNAME: 'root' }
    const of = async (user: number) => {
      const { runs } = await drive(
        t,
        { processes: { web: { command, security: { user } } } },
        { env },
      )
      return runs['web']?.[0]?.stdout
    }
    t.equal(await of(54321), '/ none none\n')
    t.equal(await of(0), '/root root root\n')
  },
)

t.test('runAsUser of Ringmaster itself needs no right at all', { skip: needsRoot }, async (t) => {
  const capabilities = { add: [], drop: ['ALL'] }
  for (const by of [user1000, sealed1000]) {
    const security = { user: 1000, group: 1000, isNonRoot: true, capabilities }
    t.hasStrict(await statusOf(t, { security }, { by }), {
      ...{ Uid: '1000\t1000\t1000\t1000', Gid: '1000\t1000\t1000\t1000', Groups: '' },
      ...{ CapInh: none, CapPrm: none, CapEff: none, CapAmb: none, NoNewPrivs: '1' },
    })
  }
})

t.test(
  'without the right to it, another user is refused before anything starts',
  { skip: needsRoot },
  async (t) => {
    const processes = { web: { security: nobody }, job: { security: { user: 1000 } } }
    const { code, refused, runs } = await drive(t, { processes }, { by: user1000 })
    t.equal(code, 78)
    t.match(
      refused,
      /^cannot start web: runAsUser 65534 with runAsGroup 65533 takes CAP_SETUID and CAP_SETGID, which Ringmaster \(1000:1000\) does not have; .*as 65534:65533$/,
    )
    t.same(runs, {})
  },
)

t.test('so it is by the command line, with the code for that', { skip: needsRoot }, async (t) => {
  const program = installWith(t, '#!/bin/sh\n')
  chmodSync(join(dirname(program), '..'), 0o755)
  const processes = { web: script('echo never', { securityContext: { runAsUser: 1001 } }) }
  const ringmaster = await supervise(t, alone, { processes }, { by: user1000, program })
  t.match(await ringmaster.end(), {
    ...{ code: 78, stdout: '' },
    stderr: /^ringmaster: cannot start web: runAsUser 1001 takes CAP_SETUID and CAP_SETGID,/,
  })
})

t.test('without /proc a process has its user all the same', { skip: needsRoot }, async (t) => {
  const by = ['unshare', '-m', 'sh', '-c', 'umount -l /proc && exec "$@"', 'sh']
  const securityContext = { runAsUser: 65534, runAsGroup: 65533 }
  const web = script('id -u; id -g; exec sleep 1000', { securityContext })
  const ringmaster = await supervise(t, inNamespace, { processes: { web } }, { by })
  await ringmaster.line(/^web\.1 \| 65534$/)
  await ringmaster.line(/^web\.1 \| 65533$/)
})

t.test(
  'users that cannot be looked up are told with their file',
  { skip: needsRoot },
  async (t) => {
    // As Docker has it where what was to be mounted there is missing.
    const empty = 'mount -t tmpfs none /etc && mkdir /etc/passwd && exec "$@"'
    const by = ['unshare', '-m', 'sh', '-c', empty, 'sh']
    const web = script('echo never', { securityContext: { runAsUser: 'web' } })
    const ringmaster = await supervise(t, inNamespace, { processes: { web } }, { by })
    t.match(await ringmaster.end(), {
      ...{ code: 78, stdout: '' },
      stderr: /^ringmaster: cannot read \/etc\/passwd: it is a directory\. Mount a file there, /,
    })
  },
)

t.test('a root that cannot change users is refused too', { skip: needsRoot }, async (t) => {
  // Capabilities of root but SETGID (6) and SETUID (7), SETUID, and KILL (5).
  const lacking = (set: string) => [helper, `bounding=${set}`, `capabilities=${set}`, '--']
  const of = async (set: string) =>
    (await drive(t, { processes: { web: { security: nobody } } }, { by: lacking(set) })).refused
  t.match(await of('3f'), 'takes CAP_SETUID and CAP_SETGID')
  t.match(await of('7f'), 'takes CAP_SETUID, which')
  t.match(await of('c1'), 'takes CAP_KILL')
  t.equal(await of('e0'), null, 'these three will do')
})

t.test('a user that the namespace does not have is refused', { skip: needsRoot }, async (t) => {
  const by = ['unshare', '-Ur', '--']
  const { refused } = await drive(t, { processes: { web: { security: nobody } } }, { by })
  t.match(refused, /this user namespace has no user 65534 and no group 65533/)
  t.match(await statusOf(t, { security: { user: 0 } }, { by }), { Uid: '0\t0\t0\t0' })
})

t.test(
  'a setuid program does not bring root back, unless that is asked for',
  { skip: needsRoot },
  async (t) => {
    const program = shared('show')
    chmodSync(program, 0o4755)
    const security = { ...nobody, allowsPrivilegeEscalation: false }
    const of = async (allowsPrivilegeEscalation: boolean) => {
      const web = {
        command: [program] as const,
        security: { ...security, allowsPrivilegeEscalation },
      }
      return (await drive(t, { processes: { web } })).runs['web']?.[0]?.stdout
    }
    t.match(await of(false), /^euid=65534$/m)
    t.match(await of(true), /^euid=0$/m)
  },
)
