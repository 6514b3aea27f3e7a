import { SupervisorError } from '../lib/errors.ts'
import type { SocketSpec, TcpSocketSpec, UnixSocketSpec } from '../plan/plan.ts'
import { describeAddress } from '../plan/sockets.ts'
import { listenLocal, whyNoSocket } from './local-socket.ts'
import { native } from './native.ts'
import { listenTcp } from './tcp.ts'

/** A socket that listens. */
export interface OpenSocket {
  readonly name: string
  /** Close-on-exec, and blocking: children share what is set there. */
  readonly fd: number
  /** `0.0.0.0:8080`, with the real port when 0 was asked for, or a path. */
  readonly address: string
  /** Makes good for a process that has shut it down for all who share it, where that can be. */
  revive(): void
  /** Takes its file away, where it has one and that is still ours. */
  remove(): void
}

/** Opens the sockets of a plan, in its order; to be called before root is given up. Throws `START_REFUSED`, with a line for each that cannot be had, and leaves no file then. */
export async function openSockets(specs: readonly SocketSpec[]): Promise<readonly OpenSocket[]> {
  const refusals: string[] = []
  const sockets: OpenSocket[] = []
  for (const spec of specs) {
    try {
      sockets.push(spec.kind === 'tcp' ? await openTcp(spec) : openUnix(spec))
    } catch (error) {
      if (!(error instanceof SupervisorError)) throw error
      refusals.push(error.message)
    }
  }
  if (refusals.length === 0) return sockets
  for (const socket of sockets) socket.remove()
  throw new SupervisorError('START_REFUSED', refusals.join('\n'))
}

async function openTcp(spec: TcpSocketSpec): Promise<OpenSocket> {
  const { name } = spec
  const remedy = `Choose another "sockets.${name}.port" or host, or end what listens there`
  const { fd, port } = await listenTcp({ ...spec, isBlocking: true }, spec.backlog, remedy)
  const address = describeAddress({ ...spec, port })
  const revive = () => {
    // The kernel keeps a port only when it was asked for.
    if (spec.port !== 0) native().listenTcp(fd, spec.backlog)
  }
  return { name, fd, address, revive, remove() {} }
}

function openUnix(spec: UnixSocketSpec): OpenSocket {
  const { name, path } = spec
  const words = { ownerField: `sockets.${name}.owner`, rival: 'somebody' }
  try {
    const { fd, remove } = listenLocal({ ...spec, isBlocking: true }, words)
    // The kernel has no way back for those.
    return { name, fd, address: path, revive() {}, remove }
  } catch (error) {
    throw new SupervisorError(
      'START_REFUSED',
      `cannot listen on ${path}: ${whyNoSocket(error)}. Choose another "sockets.${name}.path", or see to what is there`,
    )
  }
}
