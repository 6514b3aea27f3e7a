import { SupervisorError } from '../lib/errors.ts'
import type { SocketSpec } from '../plan/plan.ts'
import { describeAddress } from '../plan/sockets.ts'
import { native } from './native.ts'
import { listenTcp } from './tcp.ts'

/** A socket that listens. */
export interface OpenSocket {
  readonly name: string
  /** Close-on-exec, and blocking: children share what is set there. */
  readonly fd: number
  /** `0.0.0.0:8080`, with the real port when 0 was asked for, or a path. */
  readonly address: string
}

/** Opens the sockets of a plan, in its order; to be called before root is given up. Throws `START_REFUSED`, with a line for each that cannot be had. */
export async function openSockets(specs: readonly SocketSpec[]): Promise<readonly OpenSocket[]> {
  const refusals: string[] = []
  const sockets: OpenSocket[] = []
  for (const spec of specs) {
    try {
      sockets.push(await open(spec))
    } catch (error) {
      if (!(error instanceof SupervisorError)) throw error
      refusals.push(error.message)
    }
  }
  if (refusals.length === 0) return sockets
  throw new SupervisorError('START_REFUSED', refusals.join('\n'))
}

async function open(spec: SocketSpec): Promise<OpenSocket> {
  const { name } = spec
  if (spec.kind === 'unix') {
    throw new SupervisorError('START_REFUSED', `cannot open ${spec.path}: not supported yet`)
  }
  const remedy = `Choose another "sockets.${name}.port", or end what listens there`
  const fd = await listenTcp({ ...spec, isBlocking: true }, remedy)
  return { name, fd, address: describeAddress({ ...spec, port: native().portOf(fd) }) }
}
