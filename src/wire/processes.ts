import { type Static, Type } from '@sinclair/typebox'

const phases = [
  ...(['pending', 'starting', 'running', 'backoff', 'stopping'] as const),
  ...(['stopped', 'succeeded', 'failed'] as const),
]

/** How one instance is. */
const InstanceSchema = Type.Object(
  {
    name: Type.String({ description: 'Such as `web.1`.' }),
    phase: Type.Union(phases.map((phase) => Type.Literal(phase))),
    ready: Type.Boolean(),
    pid: nullable(Type.Integer()),
    restarts: Type.Integer({ description: 'Those that Ringmaster has made by itself.' }),
    startedAt: nullable(Type.String({ description: 'When its live run was started.' })),
    cause: nullable(Type.String({ description: 'What ended its last run.' })),
    lastExit: nullable(Type.String({ description: 'How that ended: `code 3`, `signal SIGKILL`.' })),
    reason: nullable(
      Type.String({ description: 'What its start waits for, or what keeps it from being ready.' }),
    ),
    wanted: Type.Boolean({ description: 'It is to run, as far as somebody has a say in that.' }),
    run: Type.Integer({ description: 'Number of its run, or of the last one; 0: there was none.' }),
  },
  { $id: 'Instance' },
)

export type InstanceStatus = Static<typeof InstanceSchema>

/** How one process is. */
export const ProcessSchema = Type.Object(
  {
    name: Type.String(),
    ready: Type.Boolean({ description: 'Enough of its instances are.' }),
    essential: Type.Boolean({ description: 'Ringmaster is not ready without it.' }),
    groups: Type.Array(Type.String()),
    instances: Type.Array(InstanceSchema),
  },
  { $id: 'Process' },
)

export type ProcessStatus = Static<typeof ProcessSchema>

/** A process with what it is. */
export const ProcessDetailSchema = Type.Composite(
  [
    ProcessSchema,
    Type.Object({
      replicas: Type.Integer(),
      command: Type.Array(Type.String()),
      restartPolicy: Type.String(),
      autoStart: Type.Boolean(),
      dependsOn: Type.Array(Type.Object({ process: Type.String(), condition: Type.String() })),
      neededBy: Type.Array(Type.String(), { description: 'Those that depend on it.' }),
      sockets: Type.Array(Type.String()),
      probes: Type.Array(Type.String(), { description: 'startup, readiness, liveness.' }),
      stopSignal: Type.String(),
      terminationGracePeriodSeconds: Type.Number(),
    }),
  ],
  { $id: 'ProcessDetail' },
)

export type ProcessDetail = ProcessStatus & {
  readonly replicas: number
  readonly command: readonly string[]
  readonly restartPolicy: string
  readonly autoStart: boolean
  readonly dependsOn: readonly { readonly process: string; readonly condition: string }[]
  readonly neededBy: readonly string[]
  readonly sockets: readonly string[]
  readonly probes: readonly string[]
  readonly stopSignal: string
  readonly terminationGracePeriodSeconds: number
}

/** Names of processes, instances and groups, globs, or `all`. */
export const NamesSchema = Type.Array(Type.String({ minLength: 1, maxLength: 200 }), {
  maxItems: 1000,
  description: 'Processes, instances such as `web.2`, groups, globs, or `all`.',
})

function nullable<T extends Parameters<typeof Type.Union>[0][number]>(schema: T) {
  return Type.Union([schema, Type.Null()])
}
