import { chownSync, closeSync, lstatSync, renameSync, unlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { getSystemErrorName } from 'node:util'
import { isSupervisorError } from '../lib/errors.ts'
import type { SecuritySpec } from '../plan/instance-spec.ts'
import { native } from './native.ts'
import { readOwnRights } from './own-rights.ts'
import { attempt, identityOf, removeOwn } from './run-folders.ts'
import { readUserDatabase, resolveIdentity } from './users.ts'

/** A UNIX socket that listens. */
export interface LocalSocket {
  readonly fd: number
  readonly path: string
  /** Whether clients find it there. */
  isThere(): boolean
  /** Takes the file away, if it is still ours. */
  remove(): void
}

/** A UNIX socket that listens, and that nobody knows of. */
export interface HiddenSocket {
  /** Has clients find it, and nobody find what was there before. Throws what the kernel refuses. */
  reveal(): LocalSocket
  /** Nothing came of it. */
  discard(): void
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
  const { path } = request
  const who = ownerOf(request, words)
  // What is there by now might be somebody else's.
  if (who) refuseUnsafe(dirname(path))
  removeStale(path, words)
  const fd = open(request, path, who)
  return toSocket(fd, path, ours)
}

/** As {@link listenLocal}, but changes nothing at the path before it is wanted. `current` may be there. */
export function listenHidden(
  request: LocalRequest,
  words: LocalWords,
  ours: string | null,
  current: LocalSocket | null,
): HiddenSocket {
  const { path } = request
  const who = ownerOf(request, words)
  if (who) refuseUnsafe(dirname(path))
  if (current?.path !== path || !current.isThere()) staleAt(path, words)
  // Short: a path of a socket has 107 characters at most. PID 1 may find one that an earlier PID 1 has left.
  const draft = join(dirname(path), `.${process.pid}`)
  removeStale(draft, words)
  const fd = open(request, draft, who)
  const identity = identityOf(draft)
  return {
    reveal() {
      renameSync(draft, path)
      return toSocket(fd, path, ours)
    },
    discard() {
      closeSync(fd)
      removeOwn(draft, identity, ours)
    },
  }
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
  return code === ownCode || isSupervisorError(error) ? message : (reasons[code] ?? code)
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such folder',
  EACCES: 'Ringmaster may not write there',
  EROFS: 'its file system is read-only',
  // See unix(7).
  ENAMETOOLONG: 'a path of a socket has 107 bytes at most',
}

/** An error with a code is about the machine; one without is a mistake in here. */
function problem(text: string): Error {
  return Object.assign(new Error(text), { code: ownCode })
}

const ownCode = 'ELOCAL'

function open(
  { mode, backlog, isBlocking }: LocalRequest,
  path: string,
  who: ReturnType<typeof ownerOf>,
): number {
  const fd = native().listenLocal(path, mode, backlog, isBlocking)
  if (fd < 0) {
    const code = getSystemErrorName(fd)
    throw Object.assign(new Error(code), { code })
  }
  try {
    if (who) chownSync(path, who.uid, who.gid)
    return fd
  } catch (error) {
    closeSync(fd)
    unlinkSync(path)
    throw error
  }
}

function toSocket(fd: number, path: string, ours: string | null): LocalSocket {
  const identity = identityOf(path)
  return {
    ...{ fd, path },
    isThere: () => attempt(() => identityOf(path)) === identity,
    remove: () => removeOwn(path, identity, ours),
  }
}

/** A socket that nobody listens at any more goes; of what is there else, nothing does. */
function removeStale(path: string, words: LocalWords): void {
  const stale = staleAt(path, words)
  // It may have been replaced since.
  if (stale !== undefined && identityOf(path) === stale) unlinkSync(path)
}

/** The identity of a socket that nobody listens at any more; undefined when nothing is there. Throws when there is something else. */
function staleAt(path: string, { rival }: LocalWords): string | undefined {
  const file = attempt(() => lstatSync(path))
  if (file === undefined) return undefined
  const identity = identityOf(path)
  if (!file.isSocket()) throw problem('there is a file that is no socket')
  const connection = native().connectLocal(path)
  if (connection >= 0) closeSync(connection)
  const code = connection < 0 ? getSystemErrorName(connection) : ''
  // EAGAIN: somebody listens, and is busy.
  if (connection >= 0 || code === 'EAGAIN') throw problem(`${rival} listens there`)
  if (code !== 'ECONNREFUSED') throw problem(reasons[code] ?? code)
  return identity
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
