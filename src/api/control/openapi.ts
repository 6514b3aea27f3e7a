import type { TSchema } from '@sinclair/typebox'
import { ProblemSchema } from '../../wire/problems.ts'
import type { Operation } from './operation.ts'

/** The document that describes `operations`, by OpenAPI 3.1: that takes JSON Schema as it is. Schemas with an `$id` stand in it once. */
export function describeApi(operations: readonly Operation[], version: string): object {
  const components = new Map<string, unknown>()
  const paths: Record<string, Record<string, unknown>> = {}
  for (const one of operations) {
    const path = paths[one.path] ?? {}
    paths[one.path] = path
    path[one.method.toLowerCase()] = describeOperation(one)
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Ringmaster',
      version,
      description:
        'Control of a running Ringmaster, over its UNIX socket, or over TCP with a token.',
    },
    paths,
    security: [{}, { token: [] }],
    components: {
      schemas: Object.fromEntries(components),
      securitySchemes: { token: { type: 'http', scheme: 'bearer', description: 'Over TCP.' } },
    },
  }

  function describeOperation({ method, path, summary, query, body, ...one }: Operation): object {
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
      ...{ name, in: 'path', required: true, schema: { type: 'string' } },
    }))
    const inQuery = Object.entries(query?.['properties'] ?? {}).map(([name, schema]) => ({
      ...{ name, in: 'query', required: query?.['required']?.includes(name) ?? false },
      schema: publish(schema as TSchema),
    }))
    const words = path.split('/').slice(2)
    return {
      operationId: [method.toLowerCase(), ...words].join('-').replace(/[{}]/g, ''),
      summary,
      ...(inPath.length + inQuery.length > 0 && { parameters: [...inPath, ...inQuery] }),
      ...(body && { requestBody: { required: true, content: contentOf(body) } }),
      responses: {
        200: { description: 'It is done.', content: contentOf(one.response, one.contentType) },
        default: {
          description: 'It is not.',
          content: contentOf(ProblemSchema, 'application/problem+json'),
        },
      },
    }
  }

  function contentOf(schema: TSchema, type = 'application/json'): object {
    return { [type]: { schema: publish(schema) } }
  }

  /** With references into the document in place of what has a name. */
  function publish(schema: unknown): unknown {
    if (typeof schema !== 'object' || schema === null) return schema
    if (Array.isArray(schema)) return schema.map(publish)
    const { $id, ...fields } = schema as Record<string, unknown>
    const published = Object.fromEntries(
      Object.entries(fields).map(([name, value]) => [name, publish(value)]),
    )
    if (typeof $id !== 'string') return published
    components.set($id, published)
    return { $ref: `#/components/schemas/${$id}` }
  }
}
