import { parseArgs } from 'node:util'
import { jsonSchema } from '../config/json-schema.ts'
import { usageError } from './usage.ts'

/** Carries out `ringmaster schema`: the JSON Schema of a configuration file, for editors. */
export function schemaCommand(args: readonly string[]): string {
  try {
    parseArgs({ args: [...args], options: {} })
  } catch (error) {
    throw usageError('schema', error)
  }
  return `${JSON.stringify(jsonSchema(), null, 2)}\n`
}
