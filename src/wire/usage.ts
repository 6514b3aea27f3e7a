import { type Static, Type } from '@sinclair/typebox'

const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) =>
  Type.Union([schema, Type.Null()])

/** What instances use: each with all that has come of its main process. */
export const UsageSchema = Type.Object(
  {
    atSeconds: Type.Number({
      description: 'When it was looked up, on a clock that nobody sets: for differences.',
    }),
    instances: Type.Array(
      Type.Object({
        name: Type.String(),
        cpuSeconds: Type.Number({ description: 'Of all its runs. It never falls.' }),
        residentBytes: nullable(
          Type.Integer({
            description: 'What processes share is counted for each. null: none runs.',
          }),
        ),
        openFds: nullable(Type.Integer({ description: 'null: we may not look, or none runs.' })),
      }),
    ),
  },
  { $id: 'Usage' },
)

export type UsageStatus = Static<typeof UsageSchema>
