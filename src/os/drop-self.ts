import { closeSync, openSync, readdirSync } from 'node:fs'
import { getPriority } from 'node:os'
import { SupervisorError } from '../lib/errors.ts'
import type { InstanceSpec, Plan } from '../plan/plan.ts'
import { isHeld } from './capabilities.ts'
import { execHelperPath } from './native.ts'
import { type OwnRights, parseCredentials, readOwn, readOwnRights } from './own-rights.ts'
import { ownHardLimit, ownOomScoreAdj } from './resources.ts'
import type { Rights, RightsByInstance } from './rights.ts'
import { hasSameGroups, isSameUser, type User } from './users.ts'

/** Whether Ringmaster gave root up, and how its children are to be started from now on. */
export type SelfDrop =
  | { readonly kind: 'dropped'; readonly user: User; readonly rights: RightsByInstance }
  | { readonly kind: 'kept'; readonly reason: string; readonly rights: RightsByInstance }

/**
 * Becomes the one user of all processes of `plan`, for good, when Ringmaster is root and none of them needs that. To be called when all
 * that takes root is done (sockets bound, files opened) and nothing is being read. Throws `START_REFUSED` when the kernel
 * does not do what it should: Ringmaster may then be neither root nor that user, and must end.
 */
export function dropSelf(
  plan: Plan,
  rights: RightsByInstance,
  own: OwnRights = readOwnRights(),
): SelfDrop {
  const user = userToBecome(plan, rights, own)
  if (typeof user === 'string') return { kind: 'kept', reason: user, rights }
  const unreadable = attempt(() => become(user, own))
  if (unreadable !== undefined) {
    const reason = `user ${user.uid} cannot read ${unreadable}`
    if (!isHeld(own.effective, 'KILL')) {
      throw refusal(
        `${reason}, and without CAP_KILL root could not stop the processes; let that user read it, or add KILL to the capabilities of the container`,
      )
    }
    return { kind: 'kept', reason, rights }
  }
  verify(user)
  return { kind: 'dropped', user, rights: new Map([...rights].map(asOwn)) }
}

/** What is left to be done for a child of the same user. */
function asOwn([name, rights]: readonly [string, Rights]): [string, Rights] {
  return [name, { ...rights, user: null, bounding: null }]
}

/** Whom Ringmaster can become, or why it has to stay what it is. */
export function userToBecome(plan: Plan, rights: RightsByInstance, own: OwnRights): User | string {
  if (own.uid !== 0) return 'Ringmaster is not root'
  if (!plan.dropsSelf) return 'dropSelf is false'
  if (readOwn('limits') === '') return 'there is no /proc'
  let user: User | null = null
  for (const spec of plan.processes.flatMap(({ instances }) => instances)) {
    const held = rights.get(spec.name)
    if (!held?.user || held.user.uid === 0) return `${spec.process} runs as root`
    if (user && !isSameUser(user, held.user)) return `${spec.process} runs as a user of its own`
    const need = needOfRoot(spec, held)
    if (need !== undefined) return `${spec.process} needs root for ${need}`
    user = held.user
  }
  return user ?? 'there is no process'
}

/** What the kernel does for root alone. */
function needOfRoot({ security, resources }: InstanceSpec, rights: Rights): string | undefined {
  const { rlimits, nice, ioClass, oomScoreAdj } = resources
  // What a setuid program has become is nobody's to stop but root's.
  if (security.allowsPrivilegeEscalation) return 'allowPrivilegeEscalation'
  if (rights.capabilities !== null && rights.capabilities !== 0n) return 'capabilities.add'
  if (nice !== null && nice < getPriority()) return `nice ${nice}`
  if (ioClass?.startsWith('realtime')) return `ioClass ${ioClass}`
  if (oomScoreAdj !== null && oomScoreAdj < (ownOomScoreAdj() ?? 0)) {
    return `oomScoreAdj ${oomScoreAdj}`
  }
  const raised = Object.entries(rlimits).find(
    ([name, limit]) =>
      (limit === 'unlimited' ? Number.POSITIVE_INFINITY : limit) > ownHardLimit(name),
  )
  return raised && `rlimits.${raised[0]} ${raised[1]}`
}

/** Groups first and the user last: whoever is not root cannot change groups. Returns a file that `user` could not read later, and then stays root. */
function become({ uid, gid, groups }: User, own: OwnRights): string | undefined {
  const { setgroups, setegid, seteuid, setgid, setuid } = process
  if (!setgroups || !setegid || !seteuid || !setgid || !setuid) throw new Error('not Linux')
  // What is loaded or executed later lies beside these.
  const needed = [execHelperPath(), import.meta.filename]
  setgroups([...groups])
  setegid(gid)
  seteuid(uid)
  const unreadable = needed.find(isUnreadable)
  seteuid(0)
  if (unreadable !== undefined) {
    setegid(own.gid)
    setgroups([...own.groups])
    return unreadable
  }
  setgid(gid)
  setuid(uid)
  return undefined
}

function isUnreadable(path: string): boolean {
  try {
    closeSync(openSync(path, 'r'))
    return false
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES') return true
    throw error
  }
}

/**
 * The C library changes each thread by itself, and securebits(7) may have root's capabilities outlive it. An inheritable set
 * that outlives it gives nothing: it counts at an exec alone, and that of children is emptied.
 */
function verify(user: User): void {
  for (const thread of readdirSync('/proc/self/task')) {
    const status = readOwn(`task/${thread}/status`)
    // It ended meanwhile.
    if (status === '') continue
    const { uids, gids, groups, permitted, effective, ambient } = parseCredentials(status)
    const held = permitted | effective | ambient
    const isUser =
      uids.every((uid) => uid === user.uid) &&
      gids.every((gid) => gid === user.gid) &&
      hasSameGroups({ ...user, groups }, user)
    if (isUser && held === 0n) continue
    throw refusal(
      `thread ${thread} still has the uids ${uids}, the gids ${gids}, the groups ${groups} and the capabilities ${held.toString(16)}; set dropSelf: false`,
    )
  }
}

function attempt<T>(change: () => T): T {
  try {
    return change()
  } catch (cause) {
    throw refusal(`${cause instanceof Error ? cause.message : cause}; set dropSelf: false`, cause)
  }
}

function refusal(reason: string, cause?: unknown): SupervisorError {
  return new SupervisorError('START_REFUSED', `cannot give up root: ${reason}`, { cause })
}
