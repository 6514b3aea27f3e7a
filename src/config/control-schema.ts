import { type Static, Type } from '@sinclair/typebox'
import { defaults } from './defaults.ts'
import { map, octal, oneOf, owner, path } from './fields.ts'

const AccessSchema = map(
  {
    others: Type.Optional(
      oneOf(['none', 'read'], {
        default: defaults.control.access.others,
        description: "Users that are neither root nor Ringmaster's own.",
      }),
    ),
    descendants: Type.Optional(
      oneOf(['none', 'read', 'control'], {
        description:
          'Processes that Ringmaster has started, whatever their user, and what comes of them. Default: `read`, where their user may read.',
      }),
    ),
  },
  "What clients may do: `none`, `read`, or `control`. Root and Ringmaster's own user control, unless they are descendants.",
)

const TlsSchema = map(
  {
    certFile: path({ description: 'Its certificate, and those between it and a root, as PEM.' }),
    keyFile: path({
      description: 'The key of the certificate, as PEM, in a file that others cannot read.',
    }),
    clientCaFile: Type.Optional(
      path({
        description: 'Only clients with a certificate that these have signed are let in, as PEM.',
      }),
    ),
  },
  'HTTPS in place of HTTP.',
  { allowed: 'a map with certFile and keyFile' },
)

/** Control over TCP. */
const ControlHttpSchema = map(
  {
    host: Type.Optional(
      Type.String({
        minLength: 1,
        allowed: 'an address or a name',
        default: defaults.control.http.host,
        description: 'Address to listen on; one that is not loopback takes `tls`.',
      }),
    ),
    port: Type.Integer({ minimum: 0, maximum: 65535, description: 'TCP port; 0: any free one.' }),
    tokenFile: path({
      description:
        'File of the token that clients have to know, of 32 characters at least, which others cannot read.',
    }),
    tls: Type.Optional(TlsSchema),
  },
  'Control over TCP, for whoever knows a token.',
  { allowed: 'a map with port and tokenFile' },
)

export const ControlSchema = map(
  {
    socket: Type.Optional(
      path({
        description:
          'Its path. Default: `ringmaster.sock` in the first folder that can be had of `/run/ringmaster`, `$XDG_RUNTIME_DIR/ringmaster`, and one in `/dev/shm`.',
      }),
    ),
    mode: octal('Its mode. Default: 600.'),
    owner: owner('Its owner: USER, or USER:GROUP, by name or number.'),
    access: Type.Optional(AccessSchema),
    http: Type.Optional(ControlHttpSchema),
  },
  '',
)

export type ControlHttpConfig = Static<typeof ControlHttpSchema>
