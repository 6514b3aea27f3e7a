import { type Static, Type } from '@sinclair/typebox'

/** Of the head of a request, and of a body: a thousand of the longest names have room. */
export const mostBytes = 131_072

/** `?name=web&name=api.2`. */
export const NamesQuery = Type.Object({
  name: Type.Optional(
    Type.Union([Type.String(), Type.Array(Type.String(), { maxItems: 1000 })], {
      description: 'Processes, instances such as `web.2`, groups, globs, or `all`; none: all.',
    }),
  ),
})

export function namesIn({ name = [] }: Static<typeof NamesQuery>): readonly string[] {
  return typeof name === 'string' ? [name] : name
}
