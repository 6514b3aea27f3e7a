import { type Static, Type } from '@sinclair/typebox'

const nullable = (schema: Parameters<typeof Type.Union>[0][number]) =>
  Type.Union([schema, Type.Null()])

/** What has happened. */
export const EventSchema = Type.Object(
  {
    id: Type.Integer({ description: 'One more than that of the event before it.' }),
    at: Type.String({ format: 'date-time' }),
    level: Type.String({ description: 'debug, info, warn or error.' }),
    type: Type.String(),
    process: nullable(Type.String()),
    instance: nullable(Type.String()),
    run: nullable(Type.Integer()),
    phase: nullable(Type.String()),
    ready: nullable(Type.Boolean()),
    cause: nullable(Type.String()),
    text: Type.String({ description: 'As the log says it.' }),
  },
  { $id: 'Event' },
)

export interface EventStatus {
  readonly id: number
  readonly at: string
  readonly level: string
  readonly type: string
  readonly process: string | null
  readonly instance: string | null
  readonly run: number | null
  readonly phase: string | null
  readonly ready: boolean | null
  readonly cause: string | null
  readonly text: string
}

/** How a run ended that nobody had asked to end. */
export const IncidentSchema = Type.Object(
  {
    process: Type.String(),
    instance: Type.String(),
    run: Type.Integer(),
    pid: nullable(Type.Integer()),
    startedAt: nullable(Type.String({ format: 'date-time' })),
    endedAt: Type.String({ format: 'date-time' }),
    livedMs: nullable(Type.Integer()),
    cause: Type.String(),
    code: nullable(Type.Integer()),
    signal: nullable(Type.String()),
    killed: Type.Boolean({ description: 'SIGKILL was needed.' }),
    text: Type.String(),
    reason: nullable(Type.String()),
    probes: Type.Array(
      Type.Object({
        ...{ probe: Type.String(), at: Type.String({ format: 'date-time' }) },
        ...{ ok: Type.Union([Type.Boolean(), Type.Null()]), detail: Type.String() },
      }),
    ),
    stderr: Type.String({ description: 'The last lines of the run.' }),
    stdout: Type.String(),
    restarts: Type.Integer(),
    next: Type.String({ description: 'The phase that followed.' }),
    nextReason: nullable(Type.String()),
    delayMs: nullable(Type.Integer()),
  },
  { $id: 'Incident' },
)

export interface IncidentStatus {
  readonly process: string
  readonly instance: string
  readonly run: number
  readonly pid: number | null
  readonly startedAt: string | null
  readonly endedAt: string
  readonly livedMs: number | null
  readonly cause: string
  readonly code: number | null
  readonly signal: string | null
  readonly killed: boolean
  readonly text: string
  readonly reason: string | null
  readonly probes: readonly {
    readonly probe: string
    readonly at: string
    readonly ok: boolean | null
    readonly detail: string
  }[]
  readonly stderr: string
  readonly stdout: string
  readonly restarts: number
  readonly next: string
  readonly nextReason: string | null
  readonly delayMs: number | null
}

/** A line that a process wrote; or how many were left out because the client was too slow. */
export const LineSchema = Type.Object(
  {
    instance: Type.Optional(Type.String()),
    stream: Type.Optional(Type.Union([Type.Literal('stdout'), Type.Literal('stderr')])),
    text: Type.Optional(Type.String()),
    dropped: Type.Optional(Type.Integer()),
  },
  { $id: 'Line' },
)

export type Line = Static<typeof LineSchema>
