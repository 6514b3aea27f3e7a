import { readFileSync } from 'node:fs'
import { parseEnvText } from '../lib/env-text.ts'
import { errnoOf } from '../lib/errors.ts'
import { usageError } from './usage.ts'

/** The variables of `--env-file` files, later ones over earlier. Throws `USAGE` when one cannot be used. */
export function readEnvFiles(
  command: string,
  files: readonly string[],
): Readonly<Record<string, string>> {
  return Object.fromEntries(files.flatMap((file) => Object.entries(readEnvFile(command, file))))
}

function readEnvFile(command: string, file: string): Readonly<Record<string, string>> {
  const refuse = (reason: string) =>
    usageError(command, `cannot read the env file ${file}: ${reason}`)
  let bytes: Buffer
  try {
    bytes = readFileSync(file)
  } catch (error) {
    throw refuse(errnoOf(error))
  }
  const parsed = parseEnvText(bytes)
  if ('reason' in parsed) throw refuse(parsed.reason)
  return parsed.variables
}
