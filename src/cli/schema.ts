import { jsonSchema } from '../config/json-schema.ts'
import { parseWords, usageError } from './usage.ts'

const schemaUsage = `Usage: ringmaster schema

Prints the JSON Schema of a configuration file, for editors.

  -h, --help             print this
`

/** Carries out `ringmaster schema ARGS`; returns the text to print. */
export function schemaCommand(args: readonly string[]): string {
  const options = { help: { type: 'boolean', short: 'h' } } as const
  const { values, positionals } = parseWords('schema', args, options)
  if (positionals.length > 0) throw usageError('schema', `"${positionals[0]}" is one too many`)
  return values.help ? schemaUsage : `${JSON.stringify(jsonSchema(), null, 2)}\n`
}
