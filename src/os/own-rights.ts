import { readFileSync } from 'node:fs'

/** What a process runs as and holds: see proc_pid_status(5). Bit N of a set is capability N. */
export interface Credentials {
  /** Real, effective, saved, and of the file system. */
  readonly uids: readonly number[]
  readonly gids: readonly number[]
  /** Supplementary ones. */
  readonly groups: readonly number[]
  readonly permitted: bigint
  readonly effective: bigint
  readonly bounding: bigint
  readonly inheritable: bigint
  readonly ambient: bigint
  readonly hasNoNewPrivileges: boolean
}

/** Rows of `first id, how many`, as in /proc/PID/uid_map; none: every id is there. See user_namespaces(7). */
export type IdMap = readonly (readonly [first: number, count: number])[]

/** What Ringmaster itself runs as, and what it may do. */
export interface OwnRights {
  readonly startUid: number
  /** The supplementary groups that it had then. */
  readonly startGroups: readonly number[]
  readonly uid: number
  readonly gid: number
  /** Supplementary ones. */
  readonly groups: readonly number[]
  readonly permitted: bigint
  readonly effective: bigint
  readonly bounding: bigint
  readonly hasNoNewPrivileges: boolean
  /** The ids that there are in its user namespace. */
  readonly uidMap: IdMap
  readonly gidMap: IdMap
  /** The user namespace does not forbid setgroups(2). */
  readonly maySetGroups: boolean
}

/** Who Ringmaster was when it was started, and whom its environment speaks of: it may have dropped itself since. */
export const startUid = process.geteuid?.() ?? 0

/** As the kernel tells it now, `startGroups` too: who has dropped itself has to know them. Without /proc root is taken to hold everything: what it lacks is then refused at a spawn. */
export function readOwnRights(): OwnRights {
  // Linux has these; they are missing on Windows alone.
  const { geteuid, getegid, getgroups } = process
  if (!geteuid || !getegid || !getgroups) throw new Error('not Linux')
  const [uid, gid, status] = [geteuid(), getegid(), readOwn('status')]
  const all = (1n << 64n) - 1n
  const held = uid === 0 ? all : 0n
  const guess = { permitted: held, effective: held, bounding: all, hasNoNewPrivileges: false }
  const credentials = status === '' ? { ...guess, groups: getgroups() } : parseCredentials(status)
  return {
    ...{ startUid, uid, gid },
    ...{ ...credentials, startGroups: credentials.groups },
    uidMap: parseIdMap(readOwn('uid_map')),
    gidMap: parseIdMap(readOwn('gid_map')),
    maySetGroups: readOwn('setgroups') !== 'deny\n',
  }
}

/** Reads the text of /proc/PID/status. */
export function parseCredentials(status: string): Credentials {
  const fields = new Map(
    status.split('\n').map((line) => {
      const end = line.indexOf(':')
      return [line.slice(0, end), line.slice(end + 1).trim()]
    }),
  )
  const field = (name: string) => fields.get(name) ?? ''
  const numbers = (name: string) => numbersIn(field(name))
  // gVisor and old kernels have fewer fields.
  const set = (name: string) => BigInt(`0x${field(name) || '0'}`)
  return {
    ...{ uids: numbers('Uid'), gids: numbers('Gid'), groups: numbers('Groups') },
    ...{ permitted: set('CapPrm'), effective: set('CapEff') },
    ...{ bounding: set('CapBnd'), inheritable: set('CapInh'), ambient: set('CapAmb') },
    hasNoNewPrivileges: field('NoNewPrivs') === '1',
  }
}

/** Whether there is the user or group `id` in a user namespace. */
export function isMapped(map: IdMap, id: number): boolean {
  return map.length === 0 || map.some(([first, count]) => id >= first && id < first + count)
}

/** A file of /proc/self; nothing where there is none. */
export function readOwn(file: string): string {
  try {
    return readFileSync(`/proc/self/${file}`, 'latin1')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // ESRCH: a thread that has ended.
    if (code === 'ENOENT' || code === 'ESRCH') return ''
    throw error
  }
}

function parseIdMap(text: string): IdMap {
  return text.split('\n').flatMap((line) => {
    const [first, , count] = numbersIn(line)
    return first === undefined || count === undefined ? [] : [[first, count] as const]
  })
}

function numbersIn(text: string): number[] {
  return text
    .split(/\s+/)
    .filter((word) => word !== '')
    .map(Number)
}
