import type { FieldSchema } from './field-schema.ts'

export type UnknownMap = Readonly<Record<string, unknown>>

/** True for what YAML and JSON call a map. */
export function isMap(value: unknown): value is UnknownMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The alternative that `value` is meant to be, by its shape; the schema itself where it has none of that shape. */
export function alternativeFor(schema: FieldSchema, value: unknown): FieldSchema {
  const shape = Array.isArray(value) ? 'array' : isMap(value) ? 'object' : undefined
  if (schema.anyOf === undefined || shape === undefined) return schema
  return schema.anyOf.find(({ type }) => type === shape) ?? schema
}

/** The schema of what a map holds at `key`; undefined where the key is not allowed. */
export function schemaAt(schema: FieldSchema, key: string): FieldSchema | undefined {
  const { properties = {}, patternProperties = {} } = schema
  if (Object.hasOwn(properties, key)) return properties[key]
  return Object.entries(patternProperties).find(([pattern]) => new RegExp(pattern).test(key))?.[1]
}

/** True where anything may stand, such as what is kept for a cluster. */
export function isOpen(schema: FieldSchema): boolean {
  return schema.type === undefined && schema.anyOf === undefined
}
