import { readFileSync } from 'node:fs'
import { errnoOf, SupervisorError } from '../lib/errors.ts'
import type { SecuritySpec } from '../plan/instance-spec.ts'
import { isMapped, type OwnRights } from './own-rights.ts'
import type { Refuse } from './rights.ts'

/** Whom a process runs as. */
export interface User {
  readonly uid: number
  readonly gid: number
  /** Supplementary ones. */
  readonly groups: readonly number[]
}

/** HOME, USER and LOGNAME; one that is undefined is not to be inherited. */
export type UserEnv = Readonly<Record<string, string | undefined>>

export interface Identity extends User {
  /** What the environment says of the user; nothing where Ringmaster's own does. */
  readonly env: UserEnv
}

interface PasswdEntry {
  readonly name: string
  readonly uid: number
  readonly gid: number
  readonly home: string
}

interface GroupEntry {
  readonly name: string
  readonly gid: number
  readonly members: readonly string[]
}

/** /etc/passwd and /etc/group as they are now. */
export interface UserDatabase {
  readonly users: readonly PasswdEntry[]
  readonly groups: readonly GroupEntry[]
}

/** Both files as they are now. An image made from scratch has neither. Throws `START_REFUSED` where one is there and cannot be read. */
export function readUserDatabase(): UserDatabase {
  return parseUserDatabase(readOrNothing('/etc/passwd'), readOrNothing('/etc/group'))
}

/** See passwd(5) and group(5). */
export function parseUserDatabase(passwd: string, group: string): UserDatabase {
  return {
    users: entries(passwd, 6)
      // As for the C library: without the number of a group it is no entry.
      .filter(([, , , gid]) => isNumber(gid))
      .map(([name = '', , uid, gid, , home = '']) => ({
        ...{ name, uid: Number(uid), gid: Number(gid), home },
      })),
    groups: entries(group, 4).map(([name = '', , gid, members = '']) => ({
      ...{ name, gid: Number(gid), members: members.split(',').filter((member) => member !== '') },
    })),
  }
}

/**
 * Whom `spec` runs as; null when it names somebody who cannot be found, which `refuse` hears. The group defaults to the user's own
 * in /etc/passwd, else to the number of the user. A new user has the supplementary groups that /etc/group lists for it, those
 * that `spec` adds, and those that the container runtime gave Ringmaster (Kubernetes' fsGroup): Ringmaster's without 0 and
 * without those that /etc/group lists for Ringmaster's own user. Who stays the same user keeps all groups. A Ringmaster that has
 * dropped itself gives what it would have given before.
 */
export function resolveIdentity(
  { user: runAsUser, group: runAsGroup, supplementalGroups }: SecuritySpec,
  own: Pick<OwnRights, keyof User | 'startUid' | 'startGroups' | 'gidMap'>,
  { users, groups }: UserDatabase,
  refuse: Refuse,
): Identity | null {
  const found = runAsUser === null ? null : find(users, 'uid', runAsUser)
  const uid = runAsUser === null ? own.uid : (found?.uid ?? toId(runAsUser))
  const standard = runAsUser === null ? own.gid : (found?.gid ?? uid)
  const gid =
    runAsGroup === null ? standard : (find(groups, 'gid', runAsGroup)?.gid ?? toId(runAsGroup))
  if (uid === undefined) refuse(missing('runAsUser', runAsUser, '/etc/passwd'))
  if (gid === undefined && runAsGroup !== null) {
    refuse(missing('runAsGroup', runAsGroup, '/etc/group'))
  }
  if (uid === undefined || gid === undefined) return null
  const entry = found ?? users.find((one) => one.uid === uid)
  const env = { HOME: entry?.home || '/', USER: entry?.name, LOGNAME: entry?.name }
  const who = { uid, gid, env: uid === own.startUid ? {} : env }
  if (uid === own.startUid || runAsUser === null) {
    return { ...who, groups: unique([...own.groups, ...supplementalGroups]) }
  }

  const listedFor = (names: readonly string[]) =>
    groups.filter((one) => one.members.some((name) => names.includes(name))).map((one) => one.gid)
  const ownListed = listedFor(
    users.filter((one) => one.uid === own.startUid).map((one) => one.name),
  )
  const given = own.startGroups.filter(
    (group) => group !== 0 && !ownListed.includes(group) && isMapped(own.gidMap, group),
  )
  const listed = listedFor(found ? [found.name] : [])
  return { ...who, groups: unique([...listed, ...supplementalGroups, ...given]) }
}

/** Whether both have the same rights to files. */
export function isSameUser(one: User, other: User): boolean {
  return one.uid === other.uid && one.gid === other.gid && hasSameGroups(one, other)
}

/** Whether both have the same supplementary groups, in whatever order. */
export function hasSameGroups(one: User, other: User): boolean {
  const groups = new Set(one.groups)
  return groups.size === new Set(other.groups).size && other.groups.every((id) => groups.has(id))
}

/** By name, else by number: a name may be made of digits. */
function find<Id extends 'uid' | 'gid', Entry extends { name: string } & Record<Id, number>>(
  entries: readonly Entry[],
  id: Id,
  wanted: string | number,
): Entry | undefined {
  return (
    entries.find((one) => one.name === wanted) ?? entries.find((one) => one[id] === toId(wanted))
  )
}

/** Undefined when it is no number, or one that no user and no group can have. */
function toId(value: string | number): number | undefined {
  const id = /^\d+$/.test(String(value)) ? Number(value) : Number.NaN
  return id < 2 ** 32 - 1 ? id : undefined
}

function missing(field: string, value: string | number | null, file: string): string {
  return `${field} "${value}" is not in ${file}; add it there or write its number`
}

function unique(groups: readonly number[]): readonly number[] {
  return [...new Set(groups)]
}

function entries(text: string, fields: number): string[][] {
  return text
    .split('\n')
    .map((line) => line.split(':'))
    .filter((entry) => entry.length >= fields && isNumber(entry[2]))
}

function isNumber(text = ''): boolean {
  return /^\d+$/.test(text)
}

function readOrNothing(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    const errno = errnoOf(cause)
    // An image made from scratch has neither file: numbers still work.
    if (errno === 'ENOENT') return ''
    throw new SupervisorError(
      'START_REFUSED',
      `cannot read ${path}: ${reasons[errno] ?? errno}. Mount a file there, which Ringmaster may read, or nothing`,
      { cause },
    )
  }
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'that is not permitted',
  // What Docker makes where the file to be mounted is missing.
  EISDIR: 'it is a directory',
}
