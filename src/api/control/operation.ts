import type { Static, TSchema } from '@sinclair/typebox'

/** One thing that clients can ask for: what carries it out, and what OpenAPI says of it. */
export interface Operation {
  readonly method: 'GET' | 'POST' | 'PUT'
  /** A name of a segment stands in braces: `/v1/processes/{name}`. */
  readonly path: string
  readonly summary: string
  /** Each a string, or several. */
  readonly query?: TSchema
  readonly body?: TSchema
  readonly response: TSchema
  /** Of the response, where it is no JSON. */
  readonly contentType?: string
  /** Throws a `RequestProblem` where it cannot be done. */
  handle(request: Asked): unknown
}

/** A request that may be carried out. */
export interface Asked {
  readonly params: Readonly<Record<string, string>>
  readonly query: never
  readonly body: never
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** Who asks, for log and events: `uid 0, pid 12`. */
  readonly by: string
  readonly access: 'read' | 'control'
  /** The client has gone. */
  readonly signal: AbortSignal
}

interface Typed<Query extends TSchema, Body extends TSchema>
  extends Omit<Operation, 'query' | 'body' | 'handle'> {
  readonly query?: Query
  readonly body?: Body
  handle(
    request: Omit<Asked, 'query' | 'body'> & {
      readonly query: Static<Query>
      readonly body: Static<Body>
    },
  ): unknown
}

/** Has the handler know what the schemas say. What they do not name is refused: a `dryrun` that nobody knows must not be carried out. */
export function operation<Query extends TSchema, Body extends TSchema>(
  typed: Typed<Query, Body>,
): Operation {
  const { query, body } = typed
  return {
    ...(typed as unknown as Operation),
    ...(query && { query: { ...query, additionalProperties: false } }),
    ...(body && { body: { ...body, additionalProperties: false } }),
  }
}
