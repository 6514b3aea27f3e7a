import { resolve } from 'node:path'
import { parseSignal } from '../lib/signals.ts'
import { splitCommandLine } from './command-line.ts'
import type { FieldSchema } from './field-schema.ts'
import type { Path, Problem } from './problems.ts'
import { alternativeFor, isMap, isOpen, schemaAt, type UnknownMap } from './shape.ts'
import { expandVariables, type Variables, wholeCpus } from './variables.ts'

export interface Resolved {
  /** What the schema is to be held against; what had a problem is as it was written. */
  readonly value: unknown
  readonly problems: readonly Problem[]
}

/** Where the values stand. */
export interface Surroundings {
  /** What variables are taken from. */
  readonly variables: Variables
  /** Folder of the file, absolute. */
  readonly folder: string
  /** The letters of an unquoted scalar. */
  spelling(path: Path): string | undefined
}

/**
 * Turns values as they are written into those the schema describes: command lines split, then variables put in, then
 * `20s`, `SIGTERM` and digits made numbers, paths made absolute, and Kubernetes' lists of names and values maps. A value that
 * nothing fits is left as it is, for the check to find.
 */
export function resolveValues(
  schema: FieldSchema,
  value: unknown,
  { variables, folder, spelling }: Surroundings,
): Resolved {
  const problems: Problem[] = []
  // A template: a dollar in the folder's own name is written twice.
  const templateFolder = folder.replaceAll('$', '$$$$')
  return { value: visit(schema, value, []), problems }

  function visit(schema: FieldSchema, value: unknown, path: Path): unknown {
    if (isMap(value)) return visitMap(alternativeFor(schema, value), value, path)
    if (typeof value === 'string') {
      return schema.writtenAs === 'words'
        ? visitLine(schema, value, path)
        : fromText(schema, expand(schema, value, path))
    }
    if (Array.isArray(value)) return visitList(alternativeFor(schema, value), value, path)
    if (typeof value !== 'number' && typeof value !== 'boolean') return value
    switch (schema.writtenAs) {
      case 'signal':
      case 'octal':
        return typeof value === 'number' ? fromText(schema, spelling(path) ?? String(value)) : value
      case 'scalar':
        return spelling(path) ?? String(value)
      case 'seconds':
      case 'words':
      case 'path':
      case 'replicas':
      case undefined:
        return value
    }
  }

  function visitMap(schema: FieldSchema, map: UnknownMap, path: Path): UnknownMap {
    // Not an assignment by key: "__proto__" is a key like any other.
    return Object.fromEntries(
      Object.entries(map).map(([key, value]) => {
        const field = isOpen(schema) ? schema : schemaAt(schema, key)
        return [key, field === undefined ? value : visit(field, value, [...path, key])]
      }),
    )
  }

  function visitList(schema: FieldSchema, list: readonly unknown[], path: Path): unknown {
    const { asList } = schema
    const map = asList && toMap(list)
    if (map !== undefined) return visitMap(schema, map, path)
    const items = asList ?? schema.items ?? (isOpen(schema) ? schema : undefined)
    return items === undefined
      ? list
      : list.map((item, index) => visit(items, item, [...path, index]))
  }

  function visitLine(schema: FieldSchema, line: string, path: Path): unknown {
    const result = splitCommandLine(line)
    if ('words' in result) return visitList(schema, result.words, path)
    problems.push({ path, message: result.problem })
    return line
  }

  function expand(schema: FieldSchema, text: string, path: Path): string {
    if (!text.includes('$')) return text
    const expanded = expandVariables(text, variables, schema.template)
    problems.push(...expanded.problems.map((message) => ({ path, message })))
    return expanded.text
  }

  function fromText(schema: FieldSchema, text: string): unknown {
    switch (schema.writtenAs) {
      case 'signal':
        return parseSignal(text) ?? text
      case 'seconds':
        return /^\d+(?:\.\d+)?s?$/.test(text) ? Number.parseFloat(text) : text
      case 'octal':
        return /^(?:0o|0)?[0-7]{1,3}$/.test(text) ? Number.parseInt(text.replace('o', ''), 8) : text
      case 'path':
        // An empty path is none, and not the folder.
        return text === ''
          ? text
          : resolve(schema.template === undefined ? folder : templateFolder, text)
      case 'replicas':
        return text === 'auto' ? (wholeCpus(variables.machine) ?? 1) : fromDigits(schema, text)
      case 'words':
      case 'scalar':
      case undefined:
        return fromDigits(schema, text)
    }
  }
}

/** A number or a boolean where the schema wants one: what a variable held is text. */
function fromDigits(schema: FieldSchema, text: string): unknown {
  const types = [schema, ...(schema.anyOf ?? [])].map(({ type }) => type)
  if (types.includes('integer')) return /^-?\d+$/.test(text) ? Number(text) : text
  if (types.includes('number')) return /^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : text
  if (types.includes('boolean') && (text === 'true' || text === 'false')) return text === 'true'
  return text
}

/** What Kubernetes writes as a list of `{name, value}`; undefined when it is not quite that. */
function toMap(list: readonly unknown[]): UnknownMap | undefined {
  const map = new Map<string, unknown>()
  for (const item of list) {
    if (!isMap(item)) return undefined
    const { name, value = '', ...others } = item
    if (typeof name !== 'string' || map.has(name) || Object.keys(others).length > 0)
      return undefined
    map.set(name, value)
  }
  return Object.fromEntries(map)
}
