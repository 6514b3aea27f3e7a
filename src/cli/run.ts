import { parseArgs } from 'node:util'
import { supervise } from '../app.ts'
import { findConfigs } from '../config/find.ts'
import { loadConfig } from '../config/load.ts'
import { SupervisorError } from '../lib/errors.ts'
import { refuseRoot } from '../plan/root.ts'
import { toPlan } from '../plan/to-plan.ts'
import { usageError } from './usage.ts'

export const runUsage = `Usage: ringmaster run [CONFIG]

Supervises the processes of a configuration file, in the foreground, until it is told to stop: as PID 1 of a container
or at any other pid. Without CONFIG: $RINGMASTER_CONFIG, ./ringmaster.yaml, ./config/ringmaster.yaml,
/etc/ringmaster/ringmaster.yaml.

  -h, --help    print this
`

/** Carries out `ringmaster run ARGS`; returns the text to print instead when help was asked for. */
export async function runCommand(
  args: readonly string[],
  version: string,
): Promise<string | undefined> {
  const { values, positionals } = parse(args)
  if (values.help) return runUsage
  const [file, ...more] = findConfigs(positionals, { env: process.env, cwd: process.cwd() })
  if (file === undefined || more.length > 0) {
    throw usageError('run', 'more than one configuration file is not supported yet')
  }
  const plan = toPlan(await loadConfig(file, { env: process.env }))
  const refusals = refuseRoot(plan, process.geteuid?.() ?? 0)
  if (refusals.length > 0) throw new SupervisorError('START_REFUSED', refusals.join('\n'))
  await supervise(plan, version)
  return undefined
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: { help: { type: 'boolean', short: 'h' } },
      allowPositionals: true,
    })
  } catch (error) {
    throw usageError('run', error)
  }
}
