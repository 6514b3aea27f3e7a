import { type Static, Type } from '@sinclair/typebox'

const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) =>
  Type.Union([schema, Type.Null()])

/** How far the instances of a process are replaced. */
export const RolloutSchema = Type.Object(
  {
    process: Type.String(),
    revision: Type.Integer({ description: 'The one that its instances are to have.' }),
    state: Type.Union(
      (['progressing', 'returning', 'paused', 'complete', 'failed', 'returned'] as const).map(
        (state) => Type.Literal(state),
      ),
      { description: '`returned`: it failed, and the last good revision is there again.' },
    ),
    reason: nullable(Type.String({ description: 'Why it failed.' })),
    replicas: Type.Integer({ description: 'How many there are to be.' }),
    updated: Type.Integer({ description: 'How many have that revision.' }),
    available: Type.Integer({ description: 'How many of those count as ready.' }),
  },
  { $id: 'Rollout' },
)

export type RolloutStatus = Static<typeof RolloutSchema>

/** What a process was, is or was to be. */
export const RevisionSchema = Type.Object(
  {
    process: Type.String(),
    revision: Type.Integer(),
    at: Type.String({ format: 'date-time' }),
    by: Type.String(),
    changes: Type.Array(Type.String(), { description: 'Fields that differ from what was before.' }),
    good: Type.Boolean({ description: 'A rollout of it has completed, or it needed none.' }),
    current: Type.Boolean(),
  },
  { $id: 'Revision' },
)

export type RevisionStatus = Static<typeof RevisionSchema>

export const RolloutWishSchema = Type.Object({
  action: Type.Union(
    (['undo', 'restart', 'pause', 'resume'] as const).map((action) => Type.Literal(action)),
  ),
  toRevision: Type.Optional(
    Type.Integer({ minimum: 1, description: 'Of `undo`; not written: the good one before.' }),
  ),
})

export type RolloutAction = Static<typeof RolloutWishSchema>['action']

export const ApplySchema = Type.Object({
  files: Type.Optional(
    Type.Array(Type.String({ pattern: '^/', maxLength: 4096 }), {
      minItems: 1,
      maxItems: 100,
      description: 'Paths that Ringmaster reads; not written: the files of its start.',
    }),
  ),
  dryRun: Type.Optional(
    Type.Boolean({ description: 'Say what would change, and change nothing.' }),
  ),
})

/** What a configuration changes. */
export const AppliedSchema = Type.Object(
  {
    processes: Type.Array(
      Type.Object({
        process: Type.String(),
        kind: Type.Union(
          (['added', 'removed', 'rollout', 'update', 'scale'] as const).map((kind) =>
            Type.Literal(kind),
          ),
        ),
        fields: Type.Array(Type.String()),
        replicas: nullable(Type.Object({ from: Type.Integer(), to: Type.Integer() })),
      }),
    ),
    settings: Type.Array(Type.String(), { description: 'Of Ringmaster itself, at once.' }),
    fixed: Type.Array(Type.String(), {
      description: 'Those that take a restart of the container: they stay as they are.',
    }),
  },
  { $id: 'Applied' },
)

export type Applied = Static<typeof AppliedSchema>
