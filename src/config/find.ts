import { existsSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { SupervisorError } from '../lib/errors.ts'
import type { Environment } from './variables.ts'

/** Where a configuration is looked for when none is named; relative to the working directory. */
const standardPaths = [
  'ringmaster.yaml',
  'config/ringmaster.yaml',
  '/etc/ringmaster/ringmaster.yaml',
] as const

/**
 * The files to load: those named as arguments, else the one in $RINGMASTER_CONFIG, else the first of `standardPaths` that
 * exists below `cwd`, by default the working directory, which may be gone. Named files need not exist: loading says what is wrong with them.
 * @throws SupervisorError CONFIG_INVALID when there is none.
 */
export function findConfigs(
  named: readonly string[],
  { env, cwd = '' }: { readonly env: Environment; readonly cwd?: string },
): readonly string[] {
  if (named.length > 0) return named
  const fromEnvironment = env['RINGMASTER_CONFIG']
  if (fromEnvironment !== undefined && fromEnvironment !== '') return [fromEnvironment]
  const found = standardPaths.find((path) => existsSync(isAbsolute(path) ? path : join(cwd, path)))
  if (found !== undefined) return [found]
  throw new SupervisorError(
    'CONFIG_INVALID',
    `cannot find a configuration: looked for ${standardPaths.join(', ')}. Name a file, or set RINGMASTER_CONFIG.`,
  )
}
