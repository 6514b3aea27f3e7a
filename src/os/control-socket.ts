import { dirname, join } from 'node:path'
import { SupervisorError } from '../lib/errors.ts'
import type { ControlSpec } from '../plan/plan.ts'
import { type LocalSocket, listenLocal, refuseUnsafe, whyNoSocket } from './local-socket.ts'
import { controlSocketName, makeOurs, runFolders } from './run-folders.ts'

/**
 * Opens the socket for commands. To be called before root is given up. A path that is written and cannot be had throws
 * `START_REFUSED`; where none is, the answer may be why there is no socket.
 */
export function openControlSocket(
  spec: ControlSpec,
  folders: readonly string[] = runFolders(),
): LocalSocket | string {
  if (spec.socket !== null) {
    try {
      return open(spec.socket, null, spec)
    } catch (error) {
      throw new SupervisorError(
        'START_REFUSED',
        `cannot listen on ${spec.socket}: ${whyNoSocket(error)}. Choose another "control.socket", or turn it off with "control: false"`,
      )
    }
  }
  const reasons: string[] = []
  for (const folder of folders) {
    try {
      makeOurs(folder)
      return open(join(folder, controlSocketName), folder, spec)
    } catch (error) {
      reasons.push(`${folder}: ${whyNoSocket(error)}`)
    }
  }
  return reasons.join('; ')
}

function open(path: string, ours: string | null, spec: ControlSpec): LocalSocket {
  if (ours === null) refuseUnsafe(dirname(path))
  return listenLocal({ ...spec, path, backlog: 128, isBlocking: false }, words, ours)
}

const words = { ownerField: 'control.owner', rival: 'another Ringmaster' }
