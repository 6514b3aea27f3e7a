import { Type } from '@sinclair/typebox'
import { defaults } from './defaults.ts'
import { flag, map, oneOf } from './fields.ts'
import { RestartLimitSchema } from './process-parts.ts'

/** Processes that belong together. */
export const GroupSchema = map(
  {
    processes: Type.Array(Type.String(), {
      minItems: 1,
      allowed: 'a list of names of processes',
      description: 'Its processes, in the order in which they are started again.',
    }),
    strategy: Type.Optional(
      oneOf(['OneForOne', 'OneForAll', 'RestForOne'], {
        default: defaults.group.strategy,
        description:
          'What is restarted with an instance that is: nothing; all of the group; the processes after its own.',
      }),
    ),
    restartLimit: Type.Optional({
      ...RestartLimitSchema,
      description: 'When the group has failed, and all of it is stopped; null: never.',
    }),
    essential: flag('When it has failed, Ringmaster shuts down.', defaults.group.essential),
  },
  'Processes that belong together.',
  { allowed: 'a map with processes' },
)
