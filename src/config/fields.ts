import {
  type SchemaOptions,
  type TLiteral,
  type TProperties,
  type TSchema,
  type TUnion,
  Type,
} from '@sinclair/typebox'
import { signalName } from '../lib/signals.ts'

// The longest timer of Node.js is 2^31 - 1 ms.
const MAX_SECONDS = 2_147_483
// 2^32 - 1 means "unchanged" to setuid(2).
const MAX_ID = 4_294_967_294

/** A map with these keys and no others. */
export function map<T extends TProperties>(
  fields: T,
  description: string,
  options: SchemaOptions = {},
) {
  return Type.Object(fields, { additionalProperties: false, description, ...options })
}

/** A duration; without a `standard` the field's description says what holds. */
export function seconds(description: string, standard?: number) {
  return Type.Optional(
    Type.Number({
      minimum: 0,
      maximum: MAX_SECONDS,
      writtenAs: 'seconds',
      allowed: `seconds from 0 to ${MAX_SECONDS}, such as 20, 0.5 or 20s`,
      ...withDefault(standard),
      description: `${description} In seconds.`,
    }),
  )
}

/** A duration that is not 0; without a `standard` none. */
export function duration(description: string, standard?: number) {
  return Type.Optional(
    Type.Number({
      exclusiveMinimum: 0,
      maximum: MAX_SECONDS,
      writtenAs: 'seconds',
      allowed: `seconds above 0 up to ${MAX_SECONDS}, such as 20, 0.5 or 20s`,
      ...withDefault(standard),
      description: `${description} In seconds.`,
    }),
  )
}

/** A number with a fraction. */
export function number(description: string, minimum: number, maximum: number, standard: number) {
  return Type.Optional(Type.Number({ minimum, maximum, default: standard, description }))
}

/** A whole number. */
export function integer(description: string, minimum: number, maximum: number, standard?: number) {
  return Type.Optional(Type.Integer({ minimum, maximum, ...withDefault(standard), description }))
}

export function flag(description: string, standard?: boolean) {
  return Type.Optional(
    Type.Boolean({ allowed: 'true or false', ...withDefault(standard), description }),
  )
}

/** A number that people write in octal digits, such as `027`. */
export function octal(description: string) {
  return Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 0o777,
      writtenAs: 'octal',
      allowed: 'octal digits from 0 to 777, such as 027',
      description,
    }),
  )
}

/** A signal, kept as its number. */
export function signal(description: string, standard?: number) {
  return Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 64,
      writtenAs: 'signal',
      allowed: 'a signal, such as SIGTERM, RTMIN+3 or 15',
      ...withDefault(standard === undefined ? undefined : signalName(standard)),
      description,
    }),
  )
}

/** A template: a text in which the variables of an instance may stand. */
export function template(options: SchemaOptions) {
  return Type.String({
    pattern: '^[^\\u0000]*$',
    template: 'text',
    allowed: 'a string, without NUL characters',
    ...options,
  })
}

/** A path, absolute once it is resolved. */
export function path(options: SchemaOptions) {
  return Type.String({
    pattern: '^[^\\u0000]+$',
    writtenAs: 'path',
    allowed: 'a path',
    ...options,
  })
}

/** A command line: templates, or a string that is split into them. */
export function words(description: string, minItems: number) {
  return Type.Array(template({}), {
    minItems,
    writtenAs: 'words',
    allowed:
      minItems === 0
        ? 'a list of strings, or a string'
        : 'a list of strings with at least one, or a string',
    description,
  })
}

/** The number of a user or group. */
export function id() {
  return Type.Integer({ minimum: 0, maximum: MAX_ID })
}

export function userOrGroup(description: string) {
  return Type.Optional(
    Type.Union([id(), Type.String({ pattern: '^[^-:\\s\\u0000][^:\\s\\u0000]*$' })], {
      allowed: `a name, or a number from 0 to ${MAX_ID}`,
      description,
    }),
  )
}

/** A user, and a group behind a colon. */
export function owner(description: string) {
  const name = '[^-:\\s\\u0000][^:\\s\\u0000]*'
  return Type.Optional(
    Type.Union([id(), Type.String({ pattern: `^${name}(:${name})?$` })], {
      allowed: `USER or USER:GROUP, each a name or a number from 0 to ${MAX_ID}`,
      description,
    }),
  )
}

/** One of several words. */
export function oneOf<const T extends string[]>(names: T, options: SchemaOptions) {
  // A mapped tuple is beyond inference; the list above is the one that is mapped.
  const literals = names.map((name) => Type.Literal(name)) as { [K in keyof T]: TLiteral<T[K]> }
  return Type.Union(literals, options) as TUnion<{ [K in keyof T]: TLiteral<T[K]> }>
}

/**
 * A field of the vocabulary that has no effect yet. What asks for nothing may be written: null, `false`, an empty list or map, and
 * what `standard` matches; all else is refused by name. To turn the field on, put its schema in place of this.
 */
export function notYet(standard?: string | number | TSchema, options: SchemaOptions = {}) {
  const standards = typeof standard === 'object' ? [standard] : []
  if (typeof standard === 'string' || typeof standard === 'number')
    standards.push(Type.Literal(standard))
  return Type.Optional(
    Type.Unsafe<unknown>(
      Type.Union([...asksForNothing, ...standards], { notYet: true, ...options }),
    ),
  )
}

const asksForNothing = [
  Type.Null(),
  Type.Literal(false),
  Type.Array(Type.Never(), { maxItems: 0 }),
  Type.Object({}, { additionalProperties: false }),
]

function withDefault<T>(standard: T | undefined): { readonly default?: T } {
  return standard === undefined ? {} : { default: standard }
}
