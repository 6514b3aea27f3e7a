import {
  closeSync,
  constants,
  fchownSync,
  mkdtempSync,
  openSync,
  readdirSync,
  realpathSync,
  rmdirSync,
} from 'node:fs'
import { getPriority } from 'node:os'
import { dirname, join } from 'node:path'
import { messageOf, SupervisorError } from '../lib/errors.ts'
import type { FileTarget, InstanceTemplate } from '../plan/instance-spec.ts'
import { logFilesOf } from '../plan/log-files.ts'
import type { Plan } from '../plan/plan.ts'
import { isHeld } from './capabilities.ts'
import { execHelperPath } from './native.ts'
import { type OwnRights, parseCredentials, readOwn, readOwnRights } from './own-rights.ts'
import { ownHardLimit, ownOomScoreAdj } from './resources.ts'
import { whyNotKept } from './revision-file.ts'
import { type KnownRights, type Rights, rightsKey } from './rights.ts'
import { hasSameGroups, isSameUser, type User } from './users.ts'

/** Whether Ringmaster gave root up, and how its children are to be started from now on. */
export type SelfDrop =
  | {
      readonly kind: 'dropped'
      readonly user: User
      readonly rights: KnownRights
      /** The supplementary groups that Ringmaster had before. */
      readonly startGroups: readonly number[]
    }
  | { readonly kind: 'kept'; readonly reason: string; readonly rights: KnownRights }

/**
 * Becomes the one user of all processes of `plan`, for good, when Ringmaster is root and none of them needs that. To be called when all
 * that takes root is done (sockets bound, files opened) and nothing is being read. Throws `START_REFUSED` when the kernel
 * does not do what it should: Ringmaster may then be neither root nor that user, and must end. TCP `sockets` become those of that user, so that others
 * of Ringmaster can be bound beside them.
 */
export function dropSelf(
  plan: Plan,
  rights: KnownRights,
  sockets: readonly number[] = [],
  own: OwnRights = readOwnRights(),
): SelfDrop {
  const user = userToBecome(plan, rights, own)
  if (typeof user === 'string') return { kind: 'kept', reason: user, rights }
  const unreadable = attempt(() => become(user, own, plan, sockets))
  if (unreadable !== undefined) {
    const reason = `user ${user.uid} ${unreadable}`
    if (!isHeld(own.effective, 'KILL')) {
      throw refusal(
        `${reason}, and without CAP_KILL root could not stop the processes; let that user do so, or add KILL to the capabilities of the container`,
      )
    }
    return { kind: 'kept', reason, rights }
  }
  verify(user)
  const startGroups = own.groups
  return { kind: 'dropped', user, rights: new Map([...rights].map(asOwn)), startGroups }
}

/** What is left to be done for a child of the same user. */
function asOwn([key, rights]: readonly [string, Rights]): [string, Rights] {
  return [key, { ...rights, user: null, bounding: null }]
}

/** Whom Ringmaster can become, or why it has to stay what it is. */
export function userToBecome(plan: Plan, rights: KnownRights, own: OwnRights): User | string {
  if (own.uid !== 0) return 'Ringmaster is not root'
  if (!plan.dropsSelf) return 'dropSelf is false'
  if (readOwn('limits') === '') return 'there is no /proc'
  let user: User | null = null
  for (const { name, template } of plan.processes) {
    const held = rights.get(rightsKey(template.security))
    if (!held?.user || held.user.uid === 0) return `${name} runs as root`
    if (user && !isSameUser(user, held.user)) return `${name} runs as a user of its own`
    const need = needOfRoot(template, held)
    if (need !== undefined) return `${name} needs root for ${need}`
    user = held.user
  }
  return user ?? 'there is no process'
}

/** What a process needs that the kernel does for root alone, or for who has its capabilities; undefined: nothing. */
export function needOfRoot(
  { security, resources }: InstanceTemplate,
  rights: Rights,
): string | undefined {
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

/** Groups first and the user last: whoever is not root cannot change groups. Returns what `user` could not do later, and then stays root. */
function become(
  { uid, gid, groups }: User,
  own: OwnRights,
  plan: Plan,
  sockets: readonly number[],
): string | undefined {
  const { setgroups, setegid, seteuid, setgid, setuid } = process
  if (!setgroups || !setegid || !seteuid || !setgid || !setuid) throw new Error('not Linux')
  // What is loaded or executed later lies beside these.
  const needed = [execHelperPath(), import.meta.filename]
  setgroups([...groups])
  setegid(gid)
  seteuid(uid)
  const unable =
    needed.map(whyUnreadable).find((why) => why !== undefined) ??
    logFilesOf(plan)
      .map(({ target }) => whyUnwritable(target))
      .find((why) => why !== undefined) ??
    whyForgetful(plan)
  seteuid(0)
  if (unable !== undefined) {
    setegid(own.gid)
    setgroups([...own.groups])
    return unable
  }
  // EPERM without CAP_CHOWN: then an address that overlaps theirs cannot be had later.
  for (const fd of sockets) errnoOf(() => fchownSync(fd, uid, gid))
  setgid(gid)
  setuid(uid)
  return undefined
}

function whyUnreadable(path: string): string | undefined {
  // A FIFO would have us wait for whoever writes into it.
  const flags = constants.O_RDONLY | constants.O_NONBLOCK
  const error = errnoOf(() => closeSync(openSync(path, flags)))
  if (error !== undefined && error !== 'EACCES') throw new Error(`${error} ${path}`)
  return error && `cannot read ${path}`
}

/** A log is made by who writes it, and rotating takes the right to rename. Tried out: access(2) asks for the real user. */
function whyUnwritable({ file, maxBytes, maxAgeMs }: FileTarget): string | undefined {
  const { O_RDWR, O_CREAT, O_APPEND, O_NONBLOCK, O_NOCTTY } = constants
  const flags = O_RDWR | O_CREAT | O_APPEND | O_NONBLOCK | O_NOCTTY
  const opened = errnoOf(() => closeSync(openSync(file, flags, 0o640)))
  if (opened === 'EACCES') return `cannot write ${file}`
  // What is wrong whoever asks is told when it is opened to be written.
  if (opened !== undefined || (maxBytes === 0 && maxAgeMs === 0)) return undefined
  const folder = dirname(realpathSync(file))
  const made = errnoOf(() => rmdirSync(mkdtempSync(join(folder, '.ringmaster-'))))
  return made === 'EACCES' ? `cannot rotate ${file}` : undefined
}

/** What is wrong whoever asks is told when it is opened. */
function whyForgetful({ stateDir }: Plan): string | undefined {
  if (stateDir === null || whyNotKept(stateDir) === undefined) return undefined
  return `cannot keep revisions in ${stateDir}`
}

function errnoOf(work: () => void): string | undefined {
  try {
    work()
    return undefined
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error)
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
    throw refusal(`${messageOf(cause)}; set dropSelf: false`, cause)
  }
}

function refusal(reason: string, cause?: unknown): SupervisorError {
  return new SupervisorError('START_REFUSED', `cannot give up root: ${reason}`, { cause })
}
