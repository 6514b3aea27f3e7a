import { suggest } from './suggest.ts'

/** Where variables get their values: Ringmaster's environment. */
export type Environment = Readonly<Record<string, string | undefined>>

/** A text with its variables put in; `problems` tells of each that could not be. */
export interface Expanded {
  readonly text: string
  readonly problems: readonly string[]
}

/** The variables that every instance has its own value for; `toPlan` puts them in. */
export const instanceVariables: readonly string[] = [
  'instance.name',
  'instance.number',
  'process.name',
]

const later = /^(?:port|socket|cgroup)\./
// The second group is empty where the brace is never closed.
const variables = /\$\$|\$\{([^}]*)(\}?)/g
const form = /^([A-Za-z_][A-Za-z0-9_]*)(?:(:-|:\?)([\s\S]*))?$/

/**
 * Puts variables in, once: `${NAME}`, `${NAME:-default}` and `${NAME:?message}` from `environment`, where an empty value
 * counts as none for the last two; `$$` is a dollar, every other dollar is left alone.
 *
 * With `template` the result is a template: variables of an instance may stand in it and stay, and each dollar that came
 * in as a value or as `$$` is written `$$`, so that what a value holds is never taken for a variable.
 */
export function expandVariables(
  text: string,
  environment: Environment,
  { template }: { readonly template: boolean },
): Expanded {
  const problems: string[] = []
  const literal = (value: string) => (template ? value.replaceAll('$', '$$$$') : value)
  const expanded = text.replace(variables, (match, content: string | undefined, brace: string) => {
    if (content === undefined) return literal('$')
    if (brace === '') {
      problems.push(`"\${" has no "}"; write "$$" for a dollar`)
      return match
    }
    if (instanceVariables.includes(content)) {
      if (template) return match
      problems.push(`${match} can stand in command, args, env and workingDir only`)
      return match
    }
    const value = lookUp(content, environment)
    if ('problem' in value) problems.push(value.problem)
    return 'problem' in value ? match : literal(value.text)
  })
  return { text: expanded, problems }
}

function lookUp(
  content: string,
  environment: Environment,
): { readonly text: string } | { readonly problem: string } {
  const [, name, operator, rest = ''] = form.exec(content) ?? []
  if (name === undefined) return { problem: whyNotAVariable(content) }
  if (rest.includes('${')) {
    return { problem: `"\${${content}" holds another variable, which is not supported` }
  }
  const value = Object.hasOwn(environment, name) ? environment[name] : undefined
  switch (operator) {
    case ':-':
      return {
        text: value === undefined || value === '' ? rest.replaceAll('$$', () => '$') : value,
      }
    case ':?':
      if (value !== undefined && value !== '') return { text: value }
      return { problem: `\${${name}} has no value: ${rest === '' ? 'it must be set' : rest}` }
    default:
      if (value !== undefined) return { text: value }
      return { problem: `\${${name}} has no value; set ${name}, or write \${${name}:-default}` }
  }
}

function whyNotAVariable(content: string): string {
  const name = `\${${content}}`
  if (later.test(content)) return `${name} is not yet supported`
  const near = content.includes('.') ? suggest(content, instanceVariables) : undefined
  if (near !== undefined) return `${name} is no variable; did you mean \${${near}}?`
  return `${name} is no variable; allowed: \${NAME}, \${NAME:-default}, \${NAME:?message}, and "$$" for a dollar`
}
