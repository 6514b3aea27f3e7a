import { chownSync, closeSync, lstatSync, unlinkSync } from 'node:fs'
import { dirname } from 'node:path'
import { getSystemErrorName } from 'node:util'
import type { SecuritySpec } from '../plan/instance-spec.ts'
import { native } from './native.ts'
import { readOwnRights } from './own-rights.ts'
import { attempt, identityOf, removeOwn } from './run-folders.ts'
import { readUserDatabase, resolveIdentity } from './users.ts'

/** A UNIX socket that listens. */
export interface LocalSocket {
  readonly fd: number
  readonly path: string
  /** Takes the file away, if it is still ours. */
  remove(): void
}

export interface LocalRequest {
  readonly path: string
  readonly mode: number
  /** Names or numbers; null: who we are (`group`: the user's own). */
  readonly user: string | number | null
  readonly group: string | number | null
  /** How many connections wait at most. */
  readonly backlog: number
  readonly isBlocking: boolean
}

/** What is said of a path that cannot be had. */
export interface LocalWords {
  /** Where the owner is written. */
  readonly ownerField: string
  /** Who may be there already. */
  readonly rival: string
}

/**
 * Listens at a path, where a socket that nobody listens at any more is replaced. What it throws is for {@link whyNoSocket}. A folder that is
 * `ours` goes with the socket.
 */
export function listenLocal(
  request: LocalRequest,
  words: LocalWords,
  ours: string | null = null,
): LocalSocket {
  const { path, mode, backlog, isBlocking } = request
  const who = ownerOf(request, words)
  // What is there by now might be somebody else's.
  if (who) refuseUnsafe(dirname(path))
  removeStale(path, words)
  const fd = native().listenLocal(path, mode, backlog, isBlocking)
  if (fd < 0) throw problem(getSystemErrorName(fd))
  try {
    if (who) chownSync(path, who.uid, who.gid)
  } catch (error) {
    closeSync(fd)
    unlinkSync(path)
    throw error
  }
  const identity = identityOf(path)
  return { fd, path, remove: () => removeOwn(path, identity, ours) }
}

/** Who can change a folder can have clients speak to somebody else. */
export function refuseUnsafe(folder: string): void {
  const status = lstatSync(folder)
  const isSticky = (status.mode & 0o1000) !== 0
  const isOthers = status.uid !== 0 && status.uid !== process.geteuid?.()
  if (status.isSymbolicLink()) throw problem(`${folder} is a symbolic link`)
  if (isOthers || ((status.mode & 0o022) !== 0 && !isSticky)) {
    throw problem(`others can change ${folder}`)
  }
}

/** Why a path cannot be had, in a few words; throws what is a mistake in here. */
export function whyNoSocket(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === undefined) throw error
  return code === ownCode ? message : code
}

/** An error with a code is about the machine; one without is a mistake in here. */
function problem(text: string): Error {
  return Object.assign(new Error(text), { code: ownCode })
}

const ownCode = 'ELOCAL'

/** A socket that nobody listens at any more goes; of what is there else, nothing does. */
function removeStale(path: string, { rival }: LocalWords): void {
  const file = attempt(() => lstatSync(path))
  if (file === undefined) return
  const identity = identityOf(path)
  if (!file.isSocket()) throw problem('there is a file that is no socket')
  const connection = native().connectLocal(path)
  if (connection >= 0) closeSync(connection)
  const code = connection < 0 ? getSystemErrorName(connection) : ''
  // EAGAIN: somebody listens, and is busy.
  if (connection >= 0 || code === 'EAGAIN') throw problem(`${rival} listens there`)
  if (code !== 'ECONNREFUSED') throw problem(code)
  // It may have been replaced since.
  if (identityOf(path) === identity) unlinkSync(path)
}

/** Undefined: who we are. */
function ownerOf(
  { user, group }: LocalRequest,
  { ownerField }: LocalWords,
): { uid: number; gid: number } | undefined {
  if (user === null) return undefined
  const asked: SecuritySpec = {
    ...{ user, group, supplementalGroups: [], isNonRoot: false },
    ...{ allowsPrivilegeEscalation: false, capabilities: null },
  }
  const found = resolveIdentity(asked, readOwnRights(), readUserDatabase(), (reason) => {
    throw problem(reason.replace(/^runAs(User|Group)/, ownerField))
  })
  return found ?? undefined
}
