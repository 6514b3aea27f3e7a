import type { FieldSchema, WrittenAs } from './field-schema.ts'
import { ProcessSchema } from './process-schema.ts'
import { ConfigSchema } from './schema.ts'

type JsonSchema = Readonly<Record<string, unknown>>

const variable = { type: 'string', pattern: '\\$\\{' }
const digits = { type: 'string', pattern: '^-?\\d+(\\.\\d+)?$|\\$\\{' }
const alternatives: Readonly<Record<WrittenAs, readonly JsonSchema[]>> = {
  seconds: [{ type: 'string', pattern: '^\\d+(\\.\\d+)?s?$|\\$\\{' }],
  signal: [{ type: 'string' }],
  words: [{ type: 'string' }],
  scalar: [{ type: 'number' }, { type: 'boolean' }],
  octal: [{ type: 'string', pattern: '^(0o|0)?[0-7]{1,3}$|\\$\\{' }],
  path: [],
  replicas: [{ const: 'auto' }, digits],
}

/**
 * The schema for editors: what may be written, where `ConfigSchema` says what it is turned into. What a file lacks another may
 * have, so nothing is required of a map and all of it may be null; what has no effect yet is left out. Kept in config/ringmaster.schema.json.
 */
export function jsonSchema(): JsonSchema {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Ringmaster',
    ...publish(ConfigSchema),
    patternProperties: { '^x-': {} },
    definitions: { process: publish({ ...ProcessSchema, definition: undefined }) },
  }
}

function publish(schema: FieldSchema): JsonSchema {
  const { description, default: standard, definition } = schema
  return {
    ...(description === undefined || description === '' ? {} : { description }),
    ...(standard === undefined ? {} : { default: standard }),
    ...(definition === undefined
      ? withAlternatives(publishShape(schema), otherForms(schema))
      : { $ref: `#/definitions/${definition}` }),
  }
}

function publishShape(schema: FieldSchema): JsonSchema {
  const { properties, patternProperties, items, anyOf } = schema
  const names = anyOf?.map((literal) => literal.const)
  if (names?.every((name) => typeof name === 'string')) return { enum: names }
  if (anyOf !== undefined) return { anyOf: anyOf.map(publishShape) }
  return {
    ...Object.fromEntries(
      [
        'type',
        'const',
        'minimum',
        'exclusiveMinimum',
        'maximum',
        'minItems',
        'minLength',
        'minProperties',
        'pattern',
        'additionalProperties',
      ]
        .filter((key) => schema[key] !== undefined)
        .map((key) => [key, schema[key]]),
    ),
    // As YAML reads the digits.
    ...(schema.writtenAs === 'octal' && { maximum: 777 }),
    ...(properties && { properties: publishFields(properties) }),
    ...(patternProperties && { patternProperties: publishFields(patternProperties) }),
    ...(items && { items: publishItem(items) }),
  }
}

function publishFields(schemas: Readonly<Record<string, FieldSchema>>): JsonSchema {
  return Object.fromEntries(
    Object.entries(schemas)
      .filter(([, schema]) => schema.notYet !== true)
      .map(([key, schema]) => [key, orNull(publish(schema))]),
  )
}

/** Lists replace each other, so that an item has to be whole. */
function publishItem(schema: FieldSchema): JsonSchema {
  const { required } = schema
  return { ...publish(schema), ...(required && { required }) }
}

function orNull(schema: JsonSchema): JsonSchema {
  const { type, anyOf, enum: names, $ref, ...others } = schema
  if (Array.isArray(names)) return { ...others, enum: [...names, null] }
  if (typeof type === 'string') return { ...others, type: [type, 'null'] }
  if (Array.isArray(anyOf)) return { ...others, anyOf: [...anyOf, { type: 'null' }] }
  return $ref === undefined ? schema : { ...others, anyOf: [{ $ref }, { type: 'null' }] }
}

function otherForms(schema: FieldSchema): readonly JsonSchema[] {
  const { asList, template, writtenAs } = schema
  if (asList !== undefined) return [{ type: 'array', items: publishItem(asList) }]
  if (writtenAs !== undefined) return alternatives[writtenAs]
  const forms = [schema, ...(schema.anyOf ?? [])]
  if (forms.some(({ type }) => type === 'integer' || type === 'number')) return [digits]
  const isLimited = ({ type, const: literal, pattern }: FieldSchema) =>
    type === 'boolean' || literal !== undefined || pattern !== undefined
  return template === undefined && forms.some(isLimited) ? [variable] : []
}

function withAlternatives(shape: JsonSchema, others: readonly JsonSchema[]): JsonSchema {
  if (others.length === 0) return shape
  return { anyOf: [...(Array.isArray(shape['anyOf']) ? shape['anyOf'] : [shape]), ...others] }
}
