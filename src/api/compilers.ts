import type { FastifyServerOptions } from 'fastify'

type SchemaController = NonNullable<FastifyServerOptions['schemaController']>

/**
 * In place of fastify's own compilers of schemas, which it would load even for routes without a schema: they are half of what it
 * takes. A server whose routes have schemas sets its own.
 */
export const noCompilers: SchemaController = {
  compilersFactory: { buildValidator: () => refuse, buildSerializer: () => refuse },
}

function refuse(): never {
  throw new Error('a route has a schema, and there is no compiler for it')
}
