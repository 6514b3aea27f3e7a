import type { FieldSchema } from './schema.ts'

/** True for what YAML and JSON call a map. */
export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The alternative that `value` is meant to be, by its shape; the schema itself where it has none of that shape. */
export function alternativeFor(schema: FieldSchema, value: unknown): FieldSchema {
  if (schema.anyOf === undefined || !isMap(value)) return schema
  return schema.anyOf.find(({ type }) => type === 'object') ?? schema
}

/** The schema of what a map holds at `key`; undefined where the key is not allowed. */
export function schemaAt(schema: FieldSchema, key: string): FieldSchema | undefined {
  const { properties = {}, patternProperties = {} } = schema
  if (Object.hasOwn(properties, key)) return properties[key]
  return Object.entries(patternProperties).find(([pattern]) => new RegExp(pattern).test(key))?.[1]
}
