import { Check } from '@sinclair/typebox/value'
import { suggest } from '../lib/names.ts'
import type { FieldSchema } from './field-schema.ts'
import { type Path, type Problem, quote } from './problems.ts'
import { alternativeFor, isMap, schemaAt, type UnknownMap } from './shape.ts'

/** Every way in which `value` breaks `schema`, in words. Loaded only when the check has failed. */
export function explain(schema: FieldSchema, value: unknown, path: Path = []): readonly Problem[] {
  if (fits(schema, value)) return []
  const { notYet } = schema
  if (notYet === true) return [{ path, message: 'not yet supported; remove it', atKey: true }]
  if (notYet !== undefined && fits(notYet, value)) {
    const message = `${nameValue(value)} is not yet supported; allowed: ${nameAllowed(schema)}`
    return [{ path, message }]
  }
  const shape = alternativeFor(schema, value)
  if (isMap(value) && shape.type === 'object') return explainMap(shape, value, path)
  const { asList, items = asList, minItems = 0 } = shape
  if (Array.isArray(value) && items !== undefined && value.length >= minItems) {
    const problems = value.flatMap((item, index) => explain(items, item, [...path, index]))
    return asList === undefined ? problems : [...problems, ...explainNames(value, path)]
  }
  const message = `found ${nameValue(value)}; allowed: ${nameAllowed(shape)}`
  return [{ path, message, isAbsence: value === null }]
}

function explainMap(schema: FieldSchema, map: UnknownMap, path: Path): readonly Problem[] {
  const fields = Object.keys(map).map((key) => ({ key, field: schemaAt(schema, key) }))
  if (fields.length < (schema['minProperties'] ?? 0)) {
    const message = `found an empty map; allowed: ${nameAllowed(schema)}`
    return [{ path, message, isAbsence: true }]
  }
  const missing = (schema.required ?? []).filter(
    (name) => !fields.some(({ key, field }) => key === name || field?.inPlaceOf === name),
  )
  return [
    ...missing.map((name) => ({
      path: [...path, name],
      message: `missing; needed: ${nameAllowed(schemaAt(schema, name) ?? schema)}`,
      isAbsence: true,
    })),
    ...fields.flatMap(({ key, field }): readonly Problem[] =>
      field === undefined
        ? [{ path: [...path, key], message: explainKey(schema, key), atKey: true }]
        : explain(field, map[key], [...path, key]),
    ),
  ]
}

function explainKey(schema: FieldSchema, key: string): string {
  if (schema.allowedKeys !== undefined)
    return `found the key ${quote(key)}; allowed: ${schema.allowedKeys}`
  if (schema.keptElsewhere?.includes(key) === true)
    return 'has no meaning here; it may be kept under "kubernetes"'
  const near = suggest(key, Object.keys(schema.properties ?? {}))
  return near === undefined
    ? `unknown key; known here: ${supportedKeys(schema).join(', ')}`
    : `unknown key; did you mean "${near}"?`
}

/** A name must not stand in a list twice, as no key may in a map. */
function explainNames(list: readonly unknown[], path: Path): readonly Problem[] {
  const known = new Set<unknown>()
  return list.flatMap((item, index) => {
    const name = isMap(item) ? item['name'] : undefined
    const isNew = typeof name !== 'string' || !known.has(name)
    known.add(name)
    const message = 'this name is in the list already; remove one of the two'
    return isNew ? [] : [{ path: [...path, index, 'name'], message }]
  })
}

function fits(schema: FieldSchema, value: unknown): boolean {
  return Check(schema, value)
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
    case 'array':
      return 'a list'
    case 'string':
      return 'a string'
    default:
      return isOpenMap(schema) ? 'a map' : `a map with ${supportedKeys(schema).join(', ')}`
  }
}

function isOpenMap({ properties }: FieldSchema): boolean {
  return properties === undefined
}

function supportedKeys(schema: FieldSchema): readonly string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, field]) =>
    field.notYet === true ? [] : [key],
  )
}
