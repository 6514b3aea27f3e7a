import { readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import { errnoOf } from '../lib/errors.ts'
import { usageError } from './usage.ts'

/** The variables of `--env-file` files, later ones over earlier. Throws `USAGE` when one cannot be read. */
export function readEnvFiles(
  command: string,
  files: readonly string[],
): Readonly<Record<string, string>> {
  const added: Record<string, string> = {}
  for (const file of files) {
    try {
      Object.assign(added, parseEnv(readFileSync(file, 'utf8')))
    } catch (error) {
      throw usageError(command, `cannot read the env file ${file}: ${errnoOf(error)}`)
    }
  }
  return added
}
