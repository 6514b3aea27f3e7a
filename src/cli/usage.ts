import { type ParseArgsConfig, parseArgs } from 'node:util'
import { SupervisorError } from '../lib/errors.ts'
import { suggest } from '../lib/names.ts'

/** The words behind `command`, some of which are options. Throws `USAGE`. */
export function parseWords<const Options extends NonNullable<ParseArgsConfig['options']>>(
  command: string,
  args: readonly string[],
  options: Options,
) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true })
  } catch (error) {
    throw usageError(command, explainUnknown(error, Object.keys(options)))
  }
}

/** What is wrong with the words behind `command`: a text, or what `parseArgs` threw. */
export function usageError(command: string, problem: unknown): SupervisorError {
  if (problem instanceof Error && !(problem instanceof TypeError)) throw problem
  const text = problem instanceof Error ? firstSentence(problem.message) : problem
  return new SupervisorError(
    'USAGE',
    `${command}: ${text}${`${text}`.endsWith('?') ? '' : '.'} See "ringmaster ${command} --help"`,
  )
}

/** Node.js goes on to explain what a positional argument is, or what may have been meant. */
function firstSentence(message: string): string {
  return message.split(/\.\n|\n|\. To specify/, 1)[0] ?? message
}

/** Of what `parseArgs` threw: the option that there is none of, and the one that may have been meant. */
function explainUnknown(error: unknown, options: readonly string[]): unknown {
  const { code, message = '' } = error as Partial<NodeJS.ErrnoException>
  if (code !== 'ERR_PARSE_ARGS_UNKNOWN_OPTION') return error
  const [, name = ''] = /^Unknown option '--?([^']*)'/.exec(message) ?? []
  const near = suggest(name, options)
  return near === undefined ? error : `no option --${name}; did you mean --${near}?`
}

/** Seconds that `--FLAG` was given; fractions are allowed. Throws `USAGE`. */
export function parseSeconds(command: string, flag: string, text: string): number {
  const seconds = /^\d{1,6}(\.\d{1,3})?s?$/.test(text) ? Number.parseFloat(text) : Number.NaN
  if (!Number.isNaN(seconds)) return seconds
  throw usageError(command, `--${flag} takes seconds, not "${text}"`)
}

/** Options of the commands that read a configuration: known, and of a later day. */
export const laterOptions = {
  profile: { type: 'string' },
  set: { type: 'string', multiple: true },
} as const

/** Throws `USAGE` when one of `laterOptions` is given. */
export function refuseLater(command: string, values: Readonly<Record<string, unknown>>): void {
  const later = Object.keys(laterOptions).find((name) => values[name] !== undefined)
  if (later !== undefined) throw usageError(command, `--${later} is not yet supported`)
}
