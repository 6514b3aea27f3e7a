import { type Static, Type } from '@sinclair/typebox'
import { NamesSchema } from './processes.ts'

/** What is meant by a command. */
export const NamedSchema = Type.Object({ names: NamesSchema })

/** A signal for what is meant. */
export const SignalSchema = Type.Object({
  names: NamesSchema,
  signal: Type.String({ maxLength: 20, description: 'SIGTERM, term or 15.' }),
  children: Type.Optional(Type.Boolean({ description: 'Also to what has come of it.' })),
})

/** How many instances there are to be, by the name of the process. */
export const ScaleSchema = Type.Object({
  replicas: Type.Record(Type.String(), Type.Integer({ minimum: 0 }), { minProperties: 1 }),
})

/** Whom a command went to. */
export const TakenSchema = Type.Object(
  {
    instances: Type.Array(Type.String()),
    names: Type.Array(Type.String(), {
      description:
        'The same in few words, to wait for: a process of which all instances are meant, and instances of others.',
    }),
    lastRun: Type.Integer({
      description:
        'The number of the newest run there was: those that come of it have higher ones.',
    }),
  },
  { $id: 'Taken' },
)

export type Taken = Static<typeof TakenSchema>

/** What can be waited for. */
export type Goal = 'ready' | 'started' | 'stopped' | 'succeeded'

export const WaitQuery = Type.Object({
  name: Type.Union([Type.String(), Type.Array(Type.String(), { maxItems: 1000 })]),
  for: Type.Union(
    (['ready', 'started', 'stopped', 'succeeded'] as const).map((goal) => Type.Literal(goal)),
  ),
  timeoutSeconds: Type.Optional(Type.String({ pattern: '^[0-9]{1,7}(\\.[0-9]{1,3})?$' })),
  after: Type.Optional(
    Type.String({
      pattern: '^[0-9]{1,15}$',
      description: 'Only runs with a higher number will do.',
    }),
  ),
})

/** How a wait ended. */
export const WaitedSchema = Type.Object(
  {
    result: Type.Union(
      (['done', 'failed', 'timeout', 'ending'] as const).map((result) => Type.Literal(result)),
      { description: '`failed`: it cannot come any more. `ending`: Ringmaster shuts down.' },
    ),
    missing: Type.Array(Type.String(), { description: 'What is not there: `web.1: backoff`.' }),
  },
  { $id: 'Waited' },
)

export type Waited = Static<typeof WaitedSchema>
