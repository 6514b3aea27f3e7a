import { getPriority } from 'node:os'
import t from 'tap'
import { userToBecome } from '../../../src/os/drop-self.ts'
import { resolveRights } from '../../../src/os/start-rights.ts'
import { parseUserDatabase } from '../../../src/os/users.ts'
import { type Given, ordinaryRights, ownRights, planWith } from '../../rig/rights.ts'

const nobody = { user: 65534, supplementalGroups: [7] }
const web: Given = { security: nobody }
const database = parseUserDatabase('', '')

function decision(
  processes: Readonly<Record<string, Given>>,
  { own = ownRights(), dropsSelf = true } = {},
) {
  const plan = planWith(processes, dropsSelf)
  return userToBecome(plan, resolveRights(plan, own, database), own)
}

t.test('root becomes the one user of all processes', async (t) => {
  t.same(decision({ web, api: web }), { uid: 65534, gid: 65534, groups: [7] })
  const capabilities = { add: [], drop: ['ALL'] }
  t.match(decision({ web: { security: { ...nobody, capabilities } } }), { uid: 65534 })
})

t.test('it stays root when told so, or when one of them needs that', async (t) => {
  t.equal(decision({ web }, { dropsSelf: false }), 'dropSelf is false')
  t.match(decision({ web, api: { security: { user: 0 } } }), 'api runs as root')
  t.match(decision({ web, api: {} }), 'api runs as root')
  t.match(decision({ web, api: { security: { user: 1 } } }), 'api runs as a user of its own')
  for (const other of [{ group: 5 }, { supplementalGroups: [] }]) {
    t.match(decision({ web, api: { security: { ...nobody, ...other } } }), 'a user of its own')
  }
  const security = (given: object) => ({ web: { security: { ...nobody, ...given } } })
  t.match(decision(security({ allowsPrivilegeEscalation: true })), 'allowPrivilegeEscalation')
  t.match(decision(security({ capabilities: { add: ['CHOWN'], drop: [] } })), 'capabilities.add')
})

t.test('it stays root when one of them needs more than it has itself', async (t) => {
  const nice = getPriority()
  const resources = (given: Given['resources']) =>
    decision({ web: { security: nobody, ...(given && { resources: given }) } })
  t.match(resources({ nice: nice - 1 }), `nice ${nice - 1}`)
  t.match(resources({ ioClass: 'realtime:0' }), 'ioClass realtime:0')
  t.match(resources({ oomScoreAdj: -1000 }), 'oomScoreAdj -1000')
  t.match(resources({ rlimits: { nofile: 'unlimited' } }), 'rlimits.nofile unlimited')
  const lower = {
    ...{ nice, oomScoreAdj: 1000, umask: 0o77, rlimits: { nofile: 8, core: 0 } },
    ...{ ioClass: 'best-effort:0', cpuAffinity: '0' },
  }
  t.match(resources(lower), { uid: 65534 })
})

t.test('who is not root, or has nobody to become, stays what it is', async (t) => {
  const user: Given = { security: { user: 1000 } }
  t.equal(decision({ web: user }, { own: ordinaryRights(1000) }), 'Ringmaster is not root')
  t.equal(decision({}), 'there is no process')
})
