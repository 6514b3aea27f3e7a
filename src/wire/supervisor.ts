import { type Static, Type } from '@sinclair/typebox'

/** How Ringmaster itself is. */
export const SupervisorSchema = Type.Object(
  {
    version: Type.String(),
    pid: Type.Integer(),
    phase: Type.Union(
      (['running', 'draining', 'stopping', 'sweeping', 'ended'] as const).map((phase) =>
        Type.Literal(phase),
      ),
    ),
    ready: Type.Boolean({ description: 'As `/readyz` says.' }),
    started: Type.Boolean({ description: 'As `/startupz` says.' }),
    withdrawn: Type.Union([Type.Literal('drain'), Type.Literal('maintenance'), Type.Null()], {
      description: 'Not ready, because somebody wants it so.',
    }),
    drained: Type.Boolean({ description: 'The time of the drain is over.' }),
    access: Type.Union([Type.Literal('read'), Type.Literal('control')], {
      description: 'What you may do.',
    }),
  },
  { $id: 'Supervisor' },
)

export type SupervisorStatus = Static<typeof SupervisorSchema>
