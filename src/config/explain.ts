import { Check } from '@sinclair/typebox/value'
import { type Path, type Problem, quote } from './problems.ts'
import type { FieldSchema } from './schema.ts'
import { alternativeFor, isMap, schemaAt } from './shape.ts'
import { suggest } from './suggest.ts'

/** Every way in which `value` breaks `schema`, in words. Loaded only when the check has failed. */
export function explain(schema: FieldSchema, value: unknown, path: Path = []): Problem[] {
  const shape = alternativeFor(schema, value)
  if (isMap(value) && shape.type === 'object') return explainMap(shape, value, path)
  if (Array.isArray(value) && shape.type === 'array' && value.length >= (shape['minItems'] ?? 0)) {
    const { items } = shape
    return items === undefined
      ? []
      : value.flatMap((item, index) => explain(items, item, [...path, index]))
  }
  if (Check(shape, value)) return []
  return [{ path, message: `found ${nameValue(value)}; allowed: ${nameAllowed(shape)}` }]
}

function explainMap(
  schema: FieldSchema,
  map: Readonly<Record<string, unknown>>,
  path: Path,
): Problem[] {
  const keys = Object.keys(map)
  if (keys.length < (schema['minProperties'] ?? 0)) {
    return [{ path, message: `found an empty map; allowed: ${nameAllowed(schema)}` }]
  }
  const missing = Object.entries(schema.properties ?? {}).filter(
    ([key]) => schema.required?.includes(key) === true && !Object.hasOwn(map, key),
  )
  return [
    ...missing.map(([key, field]) => ({
      path: [...path, key],
      message: `missing; needed: ${nameAllowed(field)}`,
    })),
    ...keys.flatMap((key): Problem[] => {
      const field = schemaAt(schema, key)
      return field === undefined
        ? [{ path: [...path, key], message: explainKey(schema, key), atKey: true }]
        : explain(field, map[key], [...path, key])
    }),
  ]
}

function explainKey(schema: FieldSchema, key: string): string {
  if (schema.allowedKeys !== undefined)
    return `found the key ${quote(key)}; allowed: ${schema.allowedKeys}`
  const known = Object.keys(schema.properties ?? {})
  const near = suggest(key, known)
  return near === undefined
    ? `unknown key; known here: ${known.join(', ')}`
    : `unknown key; did you mean "${near}"?`
}

function nameValue(value: unknown): string {
  if (value === null) return 'nothing'
  if (typeof value === 'string') return quote(value)
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list'
  return isMap(value) ? 'a map' : String(value)
}

function nameAllowed(schema: FieldSchema): string {
  if (schema.allowed !== undefined) return schema.allowed
  if (schema.anyOf !== undefined) {
    const names = schema.anyOf.map((alternative) => String(alternative.const))
    return `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`
  }
  switch (schema.type) {
    case 'integer':
      return `a whole number from ${schema['minimum']} to ${schema['maximum']}`
    case 'number':
      return `a number from ${schema['minimum']} to ${schema['maximum']}`
    case 'string':
      return 'a string'
    default:
      return `a map with ${Object.keys(schema.properties ?? {}).join(', ')}`
  }
}
