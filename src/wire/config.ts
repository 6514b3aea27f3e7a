import { type Static, Type } from '@sinclair/typebox'

/** The configuration in force. */
export const ConfigStatusSchema = Type.Object(
  {
    files: Type.Array(Type.String(), {
      description: 'Those that it was read from; none: it is that of a command line.',
    }),
    at: Type.String({ format: 'date-time', description: 'When it was read.' }),
    by: Type.String({ description: '`start`, `reload`, or who applied it.' }),
    config: Type.Unknown({
      description:
        'All files as one, without defaults of Ringmaster, and without what `scale` and `rollout undo` have changed since. Values of `env` and headers are hidden, and variables stay as they are written. null: there are no files.',
    }),
  },
  { $id: 'Config' },
)

export type ConfigStatus = Static<typeof ConfigStatusSchema>
