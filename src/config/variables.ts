import type { FieldSchema } from './field-schema.ts'
import { suggest } from './suggest.ts'

/** Where variables get their values: Ringmaster's environment. */
export type Environment = Readonly<Record<string, string | undefined>>

/** A text with its variables put in; `problems` tells of each that could not be. */
export interface Expanded {
  readonly text: string
  readonly problems: readonly string[]
}

const instanceVariables: readonly string[] = ['instance.name', 'instance.number', 'process.name']

// The second group is empty where the brace is never closed.
const variables = /\$\$|\$\{([^}]*)(\}?)/g
const ofInstance = /\$\$|\$\{((?:instance|process|port)\.[^}]*)\}/g
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
  template: FieldSchema['template'],
): Expanded {
  const problems: string[] = []
  const literal = (value: string) =>
    template === undefined ? value : value.replaceAll('$', '$$$$')
  const expanded = text.replace(variables, (match, content: string | undefined, brace: string) => {
    if (content === undefined) return literal('$')
    if (brace === '') {
      problems.push(`"\${" has no "}"; write "$$" for a dollar`)
      return match
    }
    if (instanceVariables.includes(content) || content.startsWith('port.')) {
      if (template === 'number' ? content !== 'instance.number' : template === undefined) {
        problems.push(`${match} can stand in ${placesOf(content)} only`)
      }
      return match
    }
    const value = lookUp(content, environment)
    if ('problem' in value) problems.push(value.problem)
    return 'problem' in value ? match : literal(value.text)
  })
  return { text: expanded, problems }
}

/** Puts in what a template has for each instance: `fill` gets `instance.name`, `port.http` and the like. All else, `$$` too, stays as it is. */
export function fillInstanceVariables(template: string, fill: (name: string) => string): string {
  return template.includes('${')
    ? template.replace(ofInstance, (match, name?: string) =>
        name === undefined ? match : fill(name),
      )
    : template
}

function placesOf(content: string): string {
  const places = ['command', 'args', 'env', 'workingDir']
  if (content === 'instance.number') places.push('containerPort')
  return `${places.slice(0, -1).join(', ')} and ${places.at(-1)}`
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
  if (/^(?:socket|cgroup)\./.test(content)) return `${name} is not yet supported`
  const near = content.includes('.') ? suggest(content, instanceVariables) : undefined
  if (near !== undefined) return `${name} is no variable; did you mean \${${near}}?`
  return `${name} is no variable; allowed: \${NAME}, \${NAME:-default}, \${NAME:?message}, and "$$" for a dollar`
}
