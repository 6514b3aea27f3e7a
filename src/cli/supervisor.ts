import type { SupervisorStatus } from '../wire/supervisor.ts'
import { clientUsage, parseClientArgs } from './connect.ts'
import { print } from './print.ts'
import { supervisorState } from './supervisor-state.ts'
import { usageError } from './usage.ts'

const drainUsage = `Usage: ringmaster drain [OPTION]...

Has Ringmaster be not ready from now on, and waits for the time of its drain. A shutdown that follows has so much less to wait.
"ringmaster maintenance off" takes it back.

${clientUsage}`

const maintenanceUsage = `Usage: ringmaster maintenance [OPTION]... on|off

Has Ringmaster be not ready until it is switched off; nothing stops. "off" ends a drain, too.

${clientUsage}`

const shutdownUsage = `Usage: ringmaster shutdown [OPTION]...

Ends Ringmaster in order, as SIGTERM does. Does not wait for the end.

${clientUsage}`

/** Carries out `ringmaster drain ARGS`; returns what it prints. */
export async function drainCommand(args: readonly string[]): Promise<string> {
  const { values, names, connect, format } = parseClientArgs('drain', args, {})
  if (values.help) return drainUsage
  refuseWords('drain', names)
  return print(format, await connect().drain(), describe)
}

/** Carries out `ringmaster maintenance ARGS`; returns what it prints. */
export async function maintenanceCommand(args: readonly string[]): Promise<string> {
  const { values, names, connect, format } = parseClientArgs('maintenance', args, {})
  if (values.help) return maintenanceUsage
  const [word, ...more] = names
  refuseWords('maintenance', more)
  if (word !== 'on' && word !== 'off') throw usageError('maintenance', 'it is on or off')
  return print(format, await connect().maintenance(word === 'on'), describe)
}

/** Carries out `ringmaster shutdown ARGS`; returns what it prints. */
export async function shutdownCommand(args: readonly string[]): Promise<string> {
  const { values, names, connect, format } = parseClientArgs('shutdown', args, {})
  if (values.help) return shutdownUsage
  refuseWords('shutdown', names)
  return print(format, await connect().shutdown(), describe)
}

function describe(supervisor: SupervisorStatus): string {
  return `ringmaster: ${supervisorState(supervisor)}\n`
}

function refuseWords(command: string, [word]: readonly string[]): void {
  if (word !== undefined) throw usageError(command, `"${word}" is one too many`)
}
