import { type Static, Type } from '@sinclair/typebox'
import { defaults } from './defaults.ts'
import { flag, integer, map, octal, owner, path } from './fields.ts'

/** A socket that listens for processes: at `port`, or at `path`. */
export const SocketSchema = map(
  {
    host: Type.Optional(
      Type.String({
        minLength: 1,
        allowed: 'an address or a name',
        default: defaults.socket.host,
        description: 'Address to listen on; `::`: IPv6 and IPv4.',
      }),
    ),
    port: integer('TCP port; 0: any free one.', 0, 65535),
    reusePort: flag(
      'Others that write it too, of the same user, may listen at the same address (SO_REUSEPORT).',
      defaults.socket.reusePort,
    ),
    path: Type.Optional(
      path({ description: 'Path of a UNIX socket, in place of `host` and `port`.' }),
    ),
    owner: owner('Owner of a UNIX socket: USER, or USER:GROUP, by name or number.'),
    mode: octal('Mode of a UNIX socket. Default: 660.'),
    backlog: integer(
      'How many connections wait at most; the kernel may allow less (net.core.somaxconn).',
      1,
      65535,
      defaults.socket.backlog,
    ),
  },
  'A socket that listens for processes.',
  { allowed: 'a map with port, or with path' },
)

export type SocketConfig = Static<typeof SocketSchema>
