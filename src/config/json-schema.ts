import { ConfigSchema, type FieldSchema, type WrittenAs } from './schema.ts'

type JsonSchema = Readonly<Record<string, unknown>>

const variable = { type: 'string', pattern: '\\$\\{' }
const alternatives: Readonly<Record<WrittenAs, readonly JsonSchema[]>> = {
  seconds: [{ type: 'string', pattern: '^\\d+(\\.\\d+)?s?$|\\$\\{' }],
  signal: [{ type: 'string' }],
  words: [{ type: 'string' }],
  scalar: [{ type: 'number' }, { type: 'boolean' }],
}

/** The schema for editors: what may be written, where `ConfigSchema` says what it is turned into. Kept in config/ringmaster.schema.json. */
export function jsonSchema(): JsonSchema {
  const schema = publish(ConfigSchema)
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Ringmaster',
    ...schema,
    patternProperties: { '^x-': {} },
  }
}

function publish(schema: FieldSchema): JsonSchema {
  const { allowed: _, allowedKeys: __, template = false, writtenAs, ...rest } = schema
  const { description, default: standard, ...shape } = publishParts(rest)
  return {
    ...(description === undefined ? {} : { description }),
    ...(standard === undefined ? {} : { default: standard }),
    ...withAlternatives(
      shape,
      writtenAs === undefined ? variablesOf(shape, template) : alternatives[writtenAs],
    ),
  }
}

function publishParts({ properties, patternProperties, items, anyOf, ...rest }: FieldSchema) {
  const published: Record<string, unknown> = { ...rest }
  if (properties !== undefined) published['properties'] = publishAll(properties)
  if (patternProperties !== undefined)
    published['patternProperties'] = publishAll(patternProperties)
  if (items !== undefined) published['items'] = publish(items)
  if (anyOf?.every((literal) => literal.type === 'string' && 'const' in literal)) {
    published['enum'] = anyOf.map((literal) => literal.const)
  } else if (anyOf !== undefined) {
    published['anyOf'] = anyOf.map(publish)
  }
  return published
}

function publishAll(schemas: Readonly<Record<string, FieldSchema>>): JsonSchema {
  return Object.fromEntries(Object.entries(schemas).map(([key, schema]) => [key, publish(schema)]))
}

/** What a variable may be written for besides: a number, one of several words, a text of a certain form. */
function variablesOf(shape: JsonSchema, template: boolean): readonly JsonSchema[] {
  if (shape['type'] === 'integer' || shape['type'] === 'number') {
    return [{ type: 'string', pattern: '^\\d+(\\.\\d+)?$|\\$\\{' }]
  }
  const limited = shape['enum'] !== undefined || (shape['pattern'] !== undefined && !template)
  return limited ? [variable] : []
}

function withAlternatives(shape: JsonSchema, others: readonly JsonSchema[]): JsonSchema {
  return others.length === 0 ? shape : { anyOf: [shape, ...others] }
}
