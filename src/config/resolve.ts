import { parseSignal } from '../lib/signals.ts'
import { splitCommandLine } from './command-line.ts'
import type { Path, Problem } from './problems.ts'
import type { FieldSchema } from './schema.ts'
import { alternativeFor, isMap, schemaAt } from './shape.ts'
import { type Environment, expandVariables } from './variables.ts'

export interface Resolved {
  /** What the schema is to be held against; what had a problem is as it was written. */
  readonly value: unknown
  readonly problems: readonly Problem[]
}

/**
 * Turns values as they are written into those the schema describes: command lines split, then variables put in, then
 * `20s`, `SIGTERM` and digits made numbers. `spelling` gives the letters of an unquoted scalar. A value that nothing fits is
 * left as it is, for the check to find.
 */
export function resolveValues(
  schema: FieldSchema,
  value: unknown,
  environment: Environment,
  spelling: (path: Path) => string | undefined,
): Resolved {
  const problems: Problem[] = []
  return { value: visit(schema, value, []), problems }

  function visit(schema: FieldSchema, value: unknown, path: Path): unknown {
    if (isMap(value)) return visitMap(alternativeFor(schema, value), value, path)
    const { items } = schema
    const list =
      schema.writtenAs === 'words' && typeof value === 'string' ? split(value, path) : value
    if (Array.isArray(list)) {
      return items === undefined
        ? list
        : list.map((item, index) => visit(items, item, [...path, index]))
    }
    if (typeof list === 'string') return fromText(schema, expand(schema, list, path))
    if (schema.writtenAs === 'signal' && typeof value === 'number')
      return fromText(schema, String(value))
    if (
      schema.writtenAs === 'scalar' &&
      (typeof value === 'number' || typeof value === 'boolean')
    ) {
      return spelling(path) ?? String(value)
    }
    return list
  }

  function visitMap(schema: FieldSchema, map: Readonly<Record<string, unknown>>, path: Path) {
    // Not an assignment by key: "__proto__" is a key like any other.
    return Object.fromEntries(
      Object.entries(map).map(([key, value]) => {
        const field = schemaAt(schema, key)
        return [key, field === undefined ? value : visit(field, value, [...path, key])]
      }),
    )
  }

  function split(line: string, path: Path): readonly string[] | string {
    const result = splitCommandLine(line)
    if ('words' in result) return result.words
    problems.push({ path, message: result.problem })
    return line
  }

  function expand(schema: FieldSchema, text: string, path: Path): string {
    const expanded = expandVariables(text, environment, { template: schema.template === true })
    problems.push(...expanded.problems.map((message) => ({ path, message })))
    return expanded.text
  }
}

function fromText(schema: FieldSchema, text: string): unknown {
  if (schema.writtenAs === 'signal') return parseSignal(text) ?? text
  if (schema.writtenAs === 'seconds')
    return /^\d+(?:\.\d+)?s?$/.test(text) ? Number.parseFloat(text) : text
  const types = [schema, ...(schema.anyOf ?? [])].map(({ type }) => type)
  if (types.includes('integer')) return /^\d+$/.test(text) ? Number(text) : text
  if (types.includes('number')) return /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : text
  return text
}
