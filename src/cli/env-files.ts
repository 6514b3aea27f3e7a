import { readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
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
      const code = error instanceof Error && 'code' in error ? error.code : error
      throw usageError(command, `cannot read the env file ${file}: ${code}`)
    }
  }
  return added
}
