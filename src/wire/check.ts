import type { TSchema } from '@sinclair/typebox'
import { Errors } from '@sinclair/typebox/errors'
import { Check } from '@sinclair/typebox/value'

/** What is wrong with `value`, in a few words; null: it is as `schema` says. `what` is what it is called. */
export function findProblem(schema: TSchema, value: unknown, what: string): string | null {
  if (Check(schema, value)) return null
  const first = Errors(schema, value).First()
  const path = first?.path.replaceAll('/', '.') ?? ''
  return `${what}${path}: ${first?.message ?? 'not as expected'}`
}
