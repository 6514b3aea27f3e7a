import { defaults } from '../config/defaults.ts'
import type { SocketConfig } from '../config/socket-schema.ts'
import type { SocketSpec } from './plan.ts'

/** The first descriptor after those of input, output and errors: SD_LISTEN_FDS_START. */
export const firstSocketFd = 3

/** What listens, with every default filled in. Pure. */
export function toSockets(
  sockets: Readonly<Record<string, SocketConfig>> = {},
): readonly SocketSpec[] {
  return Object.entries(sockets).map(([name, socket]) => toSocket(name, socket))
}

/** `0.0.0.0:8080`, `[::1]:80` or a path. Pure. */
export function describeAddress(spec: SocketSpec): string {
  if (spec.kind === 'unix') return spec.path
  return `${spec.host.includes(':') ? `[${spec.host}]` : spec.host}:${spec.port}`
}

function toSocket(name: string, socket: SocketConfig): SocketSpec {
  const { host, port = 0, reusePort, path, mode, backlog } = { ...defaults.socket, ...socket }
  if (path === undefined) return { kind: 'tcp', name, host, port, backlog, reusesPort: reusePort }
  const { owner = null } = socket
  const [user = null, group = null] = typeof owner === 'string' ? owner.split(':') : [owner]
  return { kind: 'unix', name, path, mode, user, group, backlog }
}
