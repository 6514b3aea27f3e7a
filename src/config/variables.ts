import { suggest } from '../lib/names.ts'
import type { FieldSchema } from './field-schema.ts'
import { cut } from './problems.ts'

/** Ringmaster's environment. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Where variables get their values. */
export interface Variables {
  readonly env: Environment
  /** Asked for `${cgroup.…}` alone; without it these have no value. */
  readonly machine?: Machine | undefined
}

/** What the container may use; undefined where there is no limit, or no telling. */
export interface Machine {
  memoryLimitBytes(): number | undefined
  /** Fractions included. */
  cpus(): number | undefined
}

/** The CPUs that can be kept busy, as a whole number: 2 for 1.5. */
export function wholeCpus(machine: Machine | undefined): number | undefined {
  const cpus = machine?.cpus()
  return cpus === undefined ? undefined : Math.max(1, Math.ceil(cpus))
}

/** A text with its variables put in; `problems` tells of each that could not be. */
export interface Expanded {
  readonly text: string
  readonly problems: readonly string[]
}

const instanceVariables: readonly string[] = ['instance.name', 'instance.number', 'process.name']
const machineVariables = ['cgroup.memory', 'cgroup.cpus'] as const

// The second group is empty where the brace is never closed.
const variables = /\$\$|\$\{([^}]*)(\}?)/g
const ofInstance = /\$\$|\$\{((?:instance|process|port|socket)\.[^}]*)\}/g
const form = /^([A-Za-z_][A-Za-z0-9_]*|cgroup\.memory|cgroup\.cpus)(?:(:-|:\?)([\s\S]*))?$/

/**
 * Puts variables in, once: `${NAME}`, `${NAME:-default}` and `${NAME:?message}` from the environment, where an empty value
 * counts as none for the last two; `${cgroup.memory}` (bytes) and `${cgroup.cpus}` (a whole number) in the same forms; `$$`
 * is a dollar, every other dollar is left alone.
 *
 * With `template` the result is a template: variables of an instance may stand in it and stay, and each dollar that came
 * in as a value or as `$$` is written `$$`, so that what a value holds is never taken for a variable.
 */
export function expandVariables(
  text: string,
  known: Variables,
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
    if (instanceVariables.includes(content) || /^(port|socket)\./.test(content)) {
      if (template === 'number' ? content !== 'instance.number' : template === undefined) {
        problems.push(`${match} can stand in ${placesOf(content)} only`)
      }
      return match
    }
    const value = lookUp(content, known)
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
  if (content.startsWith('socket.')) return 'command, args and env'
  const places = ['command', 'args', 'env', 'workingDir', 'probes', 'lifecycle', 'log files']
  if (content === 'instance.number') places.push('containerPort')
  return `${places.slice(0, -1).join(', ')} and ${places.at(-1)}`
}

function lookUp(
  content: string,
  known: Variables,
): { readonly text: string } | { readonly problem: string } {
  const [, name, operator, rest = ''] = form.exec(content) ?? []
  if (name === undefined) return { problem: whyNotAVariable(content) }
  if (rest.includes('${')) {
    return { problem: `"\${${cut(content)}" holds another variable, which is not supported` }
  }
  const value = findValue(name, known)
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
      return { problem: `\${${name}} has no value; ${remedy(name)}write \${${name}:-default}` }
  }
}

function findValue(name: string, { env, machine }: Variables): string | undefined {
  switch (name) {
    case 'cgroup.memory':
      return machine?.memoryLimitBytes()?.toString()
    case 'cgroup.cpus':
      return wholeCpus(machine)?.toString()
    default:
      return Object.hasOwn(env, name) ? env[name] : undefined
  }
}

function remedy(name: string): string {
  return name.includes('.') ? 'limit it for the container, or ' : `set ${name}, or `
}

function whyNotAVariable(content: string): string {
  const name = `\${${cut(content)}}`
  const near = content.includes('.')
    ? suggest(content, [...instanceVariables, ...machineVariables])
    : undefined
  if (near !== undefined) return `${name} is no variable; did you mean \${${near}}?`
  return `${name} is no variable; allowed: \${NAME}, \${NAME:-default}, \${NAME:?message}, and "$$" for a dollar`
}
