import { dirname, join } from 'node:path'
import { SupervisorError } from '../lib/errors.ts'
import type { ControlSpec } from '../plan/plan.ts'
import {
  type HiddenSocket,
  type LocalRequest,
  type LocalSocket,
  listenHidden,
  listenLocal,
  refuseUnsafe,
  whyNoSocket,
} from './local-socket.ts'
import { controlSocketName, makeOurs, runFolders } from './run-folders.ts'

/**
 * Opens the socket for commands. To be called before root is given up. A path that is written and cannot be had throws
 * `START_REFUSED`; where none is, the answer may be why there is no socket.
 */
export function openControlSocket(
  spec: ControlSpec,
  folders: readonly string[] = runFolders(),
): LocalSocket | string {
  return openAt(spec, folders, (request, ours) => listenLocal(request, words, ours))
}

/**
 * The socket for commands in place of `current`, which stays until it is revealed. Where no path is written, a place that was found is
 * kept. Throws `START_REFUSED`, whose cause may have an errno.
 */
export function hideControlSocket(
  spec: ControlSpec,
  current: { readonly spec: ControlSpec | null; readonly local: LocalSocket | null },
  folders: readonly string[] = runFolders(),
): HiddenSocket {
  const { local } = current
  const isFound = local !== null && current.spec?.socket === null
  const opened = openAt(spec, isFound ? [dirname(local.path)] : folders, (request, ours) =>
    listenHidden(request, words, ours, local),
  )
  if (typeof opened !== 'string') return opened
  const remedy = 'Set "control.socket", or turn it off with "control: false"'
  throw new SupervisorError('START_REFUSED', `cannot have a control socket: ${opened}. ${remedy}`)
}

function openAt<T>(
  spec: ControlSpec,
  folders: readonly string[],
  listen: (request: LocalRequest, ours: string | null) => T,
): T | string {
  const request = { ...spec, backlog: 128, isBlocking: false }
  if (spec.socket !== null) {
    try {
      refuseUnsafe(dirname(spec.socket))
      return listen({ ...request, path: spec.socket }, null)
    } catch (cause) {
      throw new SupervisorError(
        'START_REFUSED',
        `cannot listen on ${spec.socket}: ${whyNoSocket(cause)}. Choose another "control.socket", or turn it off with "control: false"`,
        { cause },
      )
    }
  }
  const reasons: string[] = []
  for (const folder of folders) {
    try {
      makeOurs(folder)
      return listen({ ...request, path: join(folder, controlSocketName) }, folder)
    } catch (error) {
      reasons.push(`${folder}: ${whyNoSocket(error)}`)
    }
  }
  return reasons.join('; ')
}

const words = { ownerField: 'control.owner', rival: 'another Ringmaster' }
