import { SupervisorError } from '../lib/errors.ts'
import type { InstanceTemplate, SecuritySpec } from '../plan/instance-spec.ts'
import type { Plan } from '../plan/plan.ts'
import { isHeld, resolveCapabilities } from './capabilities.ts'
import { needOfRoot, type SelfDrop, userToBecome } from './drop-self.ts'
import { isMapped, type OwnRights, readOwnRights } from './own-rights.ts'
import { knownLimits, limitNumber } from './resources.ts'
import { type KnownRights, type Refuse, type Rights, rightsKey } from './rights.ts'
import {
  hasSameGroups,
  type Identity,
  isSameUser,
  readUserDatabase,
  resolveIdentity,
  type UserDatabase,
} from './users.ts'

/**
 * What the instances of each process of `plan` are given when they are started. Throws `START_REFUSED` with all that is wrong, one line each: names that
 * nobody has, and whatever Ringmaster itself lacks the right to give. To be called before Ringmaster drops itself.
 */
export function resolveRights(
  plan: Plan,
  own: OwnRights = readOwnRights(),
  database: UserDatabase = readUserDatabase(),
): KnownRights {
  const rights = new Map<string, Rights>()
  const problems = new Set<string>()
  const refuserOf = (spec: InstanceTemplate) => (reason: string) =>
    void problems.add(`cannot start ${spec.process}: ${reason}`)
  const specs = plan.processes.map(({ template }) => template)
  for (const spec of specs) {
    const one = rightsOf(spec, own, database, refuserOf(spec))
    if (one) rights.set(rightsKey(spec.security), one)
  }
  if (problems.size === 0 && typeof userToBecome(plan, rights, own) === 'string') {
    for (const spec of specs)
      refuseUnstoppable(rights.get(rightsKey(spec.security)), own, refuserOf(spec))
  }
  if (problems.size > 0) throw new SupervisorError('START_REFUSED', [...problems].join('\n'))
  return rights
}

/**
 * What processes of a plan that is applied later are given besides what is `known`. Throws `START_REFUSED` where Ringmaster may not give it, any
 * more or at all.
 */
export function resolveMore(plan: Plan, known: KnownRights, self: SelfDrop): KnownRights {
  const isNew = ({ template }: Plan['processes'][number]) =>
    !known.has(rightsKey(template.security))
  const processes = plan.processes.filter(isNew)
  if (self.kind === 'kept') return resolveNew({ ...plan, processes }, readOwnRights())
  try {
    const own = { ...readOwnRights(), startGroups: self.startGroups }
    const more = resolveNew({ ...plan, processes }, own)
    refuseNeeds(plan, new Map([...known, ...more]))
    return more
  } catch (error) {
    if (!(error instanceof SupervisorError)) throw error
    throw new SupervisorError('START_REFUSED', `${error.message}\n${rootGivenUp}`, { cause: error })
  }
}

function resolveNew(plan: Plan, own: OwnRights): KnownRights {
  if (plan.processes.length === 0) return new Map()
  return resolveRights({ ...plan, dropsSelf: false }, own)
}

/** At the start each of these would have kept Ringmaster root. */
function refuseNeeds({ processes }: Plan, rights: KnownRights): void {
  const problems = processes.flatMap(({ name, template }) => {
    const held = rights.get(rightsKey(template.security))
    const need = held && needOfRoot(template, held)
    return need === undefined ? [] : [`cannot start ${name}: it needs root for ${need}`]
  })
  if (problems.length > 0) throw new SupervisorError('START_REFUSED', problems.join('\n'))
}

/** What is said of a plan that needs what Ringmaster had when it started. */
export const rootGivenUp =
  'root was given up at the start: set dropSelf: false, or restart the container'

function rightsOf(
  { security, resources }: InstanceTemplate,
  own: OwnRights,
  database: UserDatabase,
  refuse: Refuse,
): Rights | undefined {
  for (const name of Object.keys(resources.rlimits)) {
    if (limitNumber(name) === undefined)
      refuse(`resources.rlimits: there is no limit "${name}"; known are ${knownLimits}`)
  }
  const identity = resolveIdentity(security, own, database, refuse)
  if (identity === null) return undefined
  const { env, ...user } = identity
  if (security.isNonRoot && user.uid === 0) {
    refuse('runAsNonRoot forbids uid 0; write a runAsUser that is not 0')
  }
  refuseUnmapped(identity, security, own, refuse)
  refuseChange(identity, security, own, refuse)
  return {
    user: isSameUser(user, own) ? null : user,
    userEnv: env,
    ...resolveCapabilities(security, user.uid, own, refuse),
    noNewPrivileges: !security.allowsPrivilegeEscalation,
  }
}

function refuseUnmapped(
  { uid, gid, groups }: Identity,
  security: SecuritySpec,
  own: OwnRights,
  refuse: Refuse,
): void {
  const missing = [
    ...(uid === own.uid || isMapped(own.uidMap, uid) ? [] : [`user ${uid}`]),
    // Groups that have no number in here are all shown as one, which is kept.
    ...[...new Set([gid, ...groups])]
      .filter((id) => id !== own.gid && !own.groups.includes(id) && !isMapped(own.gidMap, id))
      .map((id) => `group ${id}`),
  ]
  if (missing.length === 0) return
  refuse(
    `${fieldsOf(security)}: this user namespace has no ${missing.join(' and no ')}; choose from /proc/self/uid_map and gid_map, or map more`,
  )
}

function refuseChange(
  identity: Identity,
  security: SecuritySpec,
  own: OwnRights,
  refuse: Refuse,
): void {
  const { uid, gid, groups } = identity
  const changesGroups = !hasSameGroups(identity, own)
  const setUid = uid !== own.uid && !isHeld(own.effective, 'SETUID')
  const setGid = (gid !== own.gid || changesGroups) && !isHeld(own.effective, 'SETGID')
  const missing = [setUid ? ['CAP_SETUID'] : [], setGid ? ['CAP_SETGID'] : []].flat()
  if (missing.length > 0) {
    const withGroups = changesGroups ? ` with the groups ${groups.join(', ') || '(none)'}` : ''
    const isOnlyGroup = !setUid && !changesGroups && security.group === null
    const stay = isOnlyGroup ? `, or write runAsGroup: ${own.gid}` : ''
    const more =
      own.uid === 0 ? 'add it to the capabilities of the container' : 'start Ringmaster as root'
    refuse(
      `${fieldsOf(security)} takes ${missing.join(' and ')}, which Ringmaster (${own.uid}:${own.gid}) does not have; ${more}, or start it as ${uid}:${gid}${withGroups}${stay}`,
    )
  } else if (changesGroups && !own.maySetGroups) {
    refuse(
      `${fieldsOf(security)} changes groups, which this user namespace forbids (/proc/self/setgroups); start Ringmaster in one where groups are mapped by newgidmap(1)`,
    )
  }
}

/** Root without CAP_KILL is refused by the kernel like anybody else. */
function refuseUnstoppable(rights: Rights | undefined, own: OwnRights, refuse: Refuse): void {
  if (!rights?.user || rights.user.uid === own.uid || isHeld(own.effective, 'KILL')) return
  refuse(
    `runAsUser ${rights.user.uid} takes CAP_KILL, without which Ringmaster (${own.uid}:${own.gid}) could not stop it; add KILL to the capabilities of the container`,
  )
}

/** What was written, as it was written. */
function fieldsOf({ user, group, supplementalGroups }: SecuritySpec): string {
  return [
    ...(user === null ? [] : [`runAsUser ${user}`]),
    ...(group === null ? [] : [`runAsGroup ${group}`]),
    ...(supplementalGroups.length === 0
      ? []
      : [`supplementalGroups ${supplementalGroups.join(', ')}`]),
  ].join(' with ')
}
