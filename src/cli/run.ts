import { parseArgs } from 'node:util'
import { supervise } from '../app.ts'
import { findConfigs } from '../config/find.ts'
import { loadConfig } from '../config/load.ts'
import { SupervisorError } from '../lib/errors.ts'
import { refuseRoot } from '../plan/root.ts'
import { toPlan } from '../plan/to-plan.ts'
import { usageError } from './usage.ts'

export const runUsage = `Usage: ringmaster run [CONFIG]...

Supervises the processes of configuration files, in the foreground, until it is told to stop: as PID 1 of a container
or at any other pid. Later files win over earlier. Without CONFIG: $RINGMASTER_CONFIG, ./ringmaster.yaml, ./config/ringmaster.yaml,
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
  const files = findConfigs(positionals, { env: process.env, cwd: process.cwd() })
  const isKubernetes = process.env['KUBERNETES_SERVICE_HOST'] !== undefined
  const plan = toPlan(await loadConfig(files, { env: process.env }), { isKubernetes, envFile: {} })
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
