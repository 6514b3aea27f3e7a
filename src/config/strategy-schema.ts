import { Type } from '@sinclair/typebox'
import { map, oneOf } from './fields.ts'

const percent = '^(100|[1-9]?\\d)%$'

/** How the instances of a process are replaced. */
export const StrategySchema = map(
  {
    type: Type.Optional(
      oneOf(['RollingUpdate', 'Recreate'], {
        default: 'RollingUpdate',
        description:
          '`RollingUpdate`: some instances after the others; `Recreate`: all are stopped before the first new one is started.',
      }),
    ),
    maxSurge: share('How many instances more than `replicas` there may be; a share is rounded up.'),
    maxUnavailable: share(
      'How many of `replicas` may be missing; a share is rounded down. 1, where both come to 0.',
    ),
  },
  'How a change that needs new runs is carried out. `maxSurge: 0, maxUnavailable: 1` if not written, because instances share ports; with `sockets` it is the other way round.',
)

function share(description: string) {
  return Type.Optional(
    Type.Union([Type.Integer({ minimum: 0, maximum: 1000 }), Type.String({ pattern: percent })], {
      allowed: 'a whole number from 0 to 1000, or a share such as 25%',
      description,
    }),
  )
}
