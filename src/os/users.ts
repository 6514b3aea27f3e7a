import { readFileSync } from 'node:fs'
import { SupervisorError } from '../lib/errors.ts'
import type { InstanceSpec } from '../plan/plan.ts'

/** Whom a child runs as, and what its environment says of that. */
export interface Identity {
  readonly uid: number
  readonly gid: number
  readonly groups: readonly number[]
  readonly env:
    | { readonly HOME: string; readonly USER: string; readonly LOGNAME: string }
    | { readonly HOME: string }
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

export function readUserDatabase(): UserDatabase {
  return parseUserDatabase(readOrNothing('/etc/passwd'), readOrNothing('/etc/group'))
}

/** See passwd(5) and group(5). */
export function parseUserDatabase(passwd: string, group: string): UserDatabase {
  return {
    users: entries(passwd, 6).map(([name = '', , uid, gid, , home = '']) => ({
      ...{ name, uid: Number(uid), gid: Number(gid), home },
    })),
    groups: entries(group, 4).map(([name = '', , gid, members = '']) => ({
      ...{ name, gid: Number(gid), members: members.split(',').filter((member) => member !== '') },
    })),
  }
}

/** What Ringmaster itself runs as. */
export interface OwnIdentity {
  readonly uid: number
  readonly gid: number
  readonly groups: readonly number[]
}

export function ownIdentity(): OwnIdentity {
  // Linux has these; they are missing on Windows alone.
  const { geteuid, getegid, getgroups } = process
  if (!geteuid || !getegid || !getgroups) throw new Error('not Linux')
  return { uid: geteuid(), gid: getegid(), groups: getgroups() }
}

/**
 * Whom `spec` runs as; null when that is what Ringmaster runs as. The group defaults to the user's own in /etc/passwd, else
 * to the number of the user. Supplementary groups are the user's from /etc/group and those that the container runtime gave
 * Ringmaster (Kubernetes' fsGroup), without those that /etc/group lists for Ringmaster's own user. Throws `START_REFUSED` for a name that nobody has.
 */
export function resolveIdentity(
  spec: Pick<InstanceSpec, 'process' | 'security'>,
  own: OwnIdentity,
  { users, groups }: UserDatabase,
): Identity | null {
  const { user: runAsUser, group: runAsGroup } = spec.security
  if (runAsUser === null && runAsGroup === null) return null
  const user = users.find((one) =>
    runAsUser === null
      ? one.uid === own.uid
      : one.name === runAsUser || String(one.uid) === String(runAsUser),
  )
  const uid =
    user?.uid ??
    (runAsUser === null ? own.uid : toId(runAsUser, spec.process, 'runAsUser', '/etc/passwd'))
  const gid = runAsGroup === null ? (user?.gid ?? uid) : groupId(runAsGroup)
  if (uid === own.uid && gid === own.gid) return null

  const ownNames = users.filter((one) => one.uid === own.uid).map((one) => one.name)
  const listedFor = (names: readonly string[]) =>
    groups
      .filter((one) => one.members.some((member) => names.includes(member)))
      .map((one) => one.gid)
  const ownListed = listedFor(ownNames)
  const given = own.groups.filter((one) => one !== 0 && !ownListed.includes(one))
  return {
    ...{ uid, gid, groups: [...new Set([...(user ? listedFor([user.name]) : []), ...given])] },
    env: user ? { HOME: user.home, USER: user.name, LOGNAME: user.name } : { HOME: '/' },
  }

  function groupId(group: string | number): number {
    const known = groups.find((one) => one.name === group)
    return known?.gid ?? toId(group, spec.process, 'runAsGroup', '/etc/group')
  }
}

function toId(value: string | number, processName: string, field: string, file: string): number {
  const id = /^\d+$/.test(String(value)) ? Number(value) : Number.NaN
  if (id < 2 ** 32 - 1) return id
  throw new SupervisorError(
    'START_REFUSED',
    `cannot start ${processName}: ${field} "${value}" is not in ${file}; add it there or write its number`,
  )
}

function entries(text: string, fields: number): string[][] {
  return text
    .split('\n')
    .map((line) => line.split(':'))
    .filter((entry) => entry.length >= fields && /^\d+$/.test(entry[2] ?? ''))
}

function readOrNothing(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    // An image made from scratch has neither file: numbers still work.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}
