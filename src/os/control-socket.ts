import { chmodSync, chownSync, closeSync, lstatSync, unlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { getSystemErrorName } from 'node:util'
import { SupervisorError } from '../lib/errors.ts'
import type { ControlSpec, SecuritySpec } from '../plan/plan.ts'
import { native } from './native.ts'
import { readOwnRights } from './own-rights.ts'
import {
  attempt,
  controlSocketName,
  identityOf,
  makeOurs,
  removeOwn,
  runFolders,
} from './run-folders.ts'
import { readUserDatabase, resolveIdentity } from './users.ts'

/** A socket that listens; clients wait in it until somebody reads from them. */
export interface ControlSocket {
  readonly fd: number
  readonly path: string
  /** Takes the file away, if it is still ours. */
  remove(): void
}

/**
 * Opens the socket for commands. To be called before root is given up. A path that is written and cannot be had throws
 * `START_REFUSED`; where none is, the answer may be why there is no socket.
 */
export function openControlSocket(
  spec: ControlSpec,
  folders: readonly string[] = runFolders(),
): ControlSocket | string {
  if (spec.socket !== null) {
    try {
      return open(spec.socket, null, spec)
    } catch (error) {
      throw new SupervisorError(
        'START_REFUSED',
        `cannot listen on ${spec.socket}: ${reasonOf(error)}. Choose another "control.socket", or turn it off with "control: false"`,
      )
    }
  }
  const reasons: string[] = []
  for (const folder of folders) {
    try {
      makeOurs(folder)
      return open(join(folder, controlSocketName), folder, spec)
    } catch (error) {
      reasons.push(`${folder}: ${reasonOf(error)}`)
    }
  }
  return reasons.join('; ')
}

function open(path: string, ours: string | null, spec: ControlSpec): ControlSocket {
  if (ours === null) refuseUnsafe(dirname(path))
  const who = ownerOf(spec)
  removeStale(path)
  const fd = native().listenLocal(path)
  if (fd < 0) throw problem(getSystemErrorName(fd))
  try {
    if (who) chownSync(path, who.uid, who.gid)
    chmodSync(path, spec.mode)
  } catch (error) {
    closeSync(fd)
    unlinkSync(path)
    throw error
  }
  const identity = identityOf(path)
  return { fd, path, remove: () => removeOwn(path, identity, ours) }
}

/** A socket that nobody listens at any more goes; of what is there else, nothing does. */
function removeStale(path: string): void {
  const file = attempt(() => lstatSync(path))
  if (file === undefined) return
  const identity = identityOf(path)
  if (!file.isSocket()) throw problem('there is a file that is no socket')
  const connection = native().connectLocal(path)
  if (connection >= 0) closeSync(connection)
  const code = connection < 0 ? getSystemErrorName(connection) : ''
  // EAGAIN: somebody listens, and is busy.
  if (connection >= 0 || code === 'EAGAIN') throw problem('another Ringmaster listens there')
  if (code !== 'ECONNREFUSED') throw problem(code)
  // It may have been replaced since.
  if (identityOf(path) === identity) unlinkSync(path)
}

/** Who can change a folder can have clients speak to somebody else. */
function refuseUnsafe(folder: string): void {
  const status = lstatSync(folder)
  const isSticky = (status.mode & 0o1000) !== 0
  const isOthers = status.uid !== 0 && status.uid !== process.geteuid?.()
  if (status.isSymbolicLink()) throw problem(`${folder} is a symbolic link`)
  if (isOthers || ((status.mode & 0o022) !== 0 && !isSticky)) {
    throw problem(`others can change ${folder}`)
  }
}

/** Undefined: who we are. */
function ownerOf({ user, group }: ControlSpec): { uid: number; gid: number } | undefined {
  if (user === null) return undefined
  const asked: SecuritySpec = {
    ...{ user, group, supplementalGroups: [], isNonRoot: false },
    ...{ allowsPrivilegeEscalation: false, capabilities: null },
  }
  const found = resolveIdentity(asked, readOwnRights(), readUserDatabase(), (reason) => {
    throw problem(reason.replace(/^runAs(User|Group)/, 'control.owner'))
  })
  return found ?? undefined
}

/** An error with a code is about the machine; one without is a mistake in here. */
function problem(text: string): Error {
  return Object.assign(new Error(text), { code: 'ECONTROL' })
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === undefined) throw error
  return code === 'ECONTROL' ? message : code
}
