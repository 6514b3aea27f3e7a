import type { TSchema } from '@sinclair/typebox'
import { Errors, type ValueError, ValueErrorType } from '@sinclair/typebox/errors'
import { Check } from '@sinclair/typebox/value'
import { suggest } from '../lib/names.ts'

/** What is wrong with `value`, in a few words; null: it is as `schema` says. `what` is what it is called. */
export function findProblem(schema: TSchema, value: unknown, what: string): string | null {
  if (Check(schema, value)) return null
  const first = Errors(schema, value).First()
  const path = first?.path.replaceAll('/', '.') ?? ''
  return `${what}${path}: ${explain(first)}`
}

function explain(error: ValueError | undefined): string {
  if (error?.type !== ValueErrorType.ObjectAdditionalProperties) {
    return error?.message ?? 'not as expected'
  }
  const name = error.path.slice(error.path.lastIndexOf('/') + 1)
  const near = suggest(name, Object.keys(error.schema['properties'] ?? {}))
  return `there is no such field${near === undefined ? '' : `; did you mean ${near}?`}`
}
