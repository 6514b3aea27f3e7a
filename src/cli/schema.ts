import { parseArgs } from 'node:util'
import { jsonSchema } from '../config/json-schema.ts'
import { usageError } from './usage.ts'

export const schemaUsage = `Usage: ringmaster schema

Prints the JSON Schema of a configuration file, for editors.

  -h, --help             print this
`

/** Carries out `ringmaster schema ARGS`; returns the text to print. */
export function schemaCommand(args: readonly string[]): string {
  return parse(args).help ? schemaUsage : `${JSON.stringify(jsonSchema(), null, 2)}\n`
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: { help: { type: 'boolean', short: 'h' } } }).values
  } catch (error) {
    throw usageError('schema', error)
  }
}
