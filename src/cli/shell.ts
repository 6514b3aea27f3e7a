import { SupervisorError } from '../lib/errors.ts'
import { runBeside } from '../os/shell.ts'
import { clientUsage, parseClientArgs } from './connect.ts'
import { usageError } from './usage.ts'

export const shellUsage = `Usage: ringmaster shell [OPTION]... NAME [-- COMMAND [ARG]...]

Runs a shell, or COMMAND, beside an instance that has a process: with its environment, user, group and working directory. NAME is an
instance such as web.2, or a process, of which the first instance that runs is taken. Ends with the exit code of the command.

${clientUsage}`

/** Carries out `ringmaster shell ARGS`; returns what it prints. */
export async function shellCommand(args: readonly string[]): Promise<string> {
  const end = args.indexOf('--')
  const own = end < 0 ? args : args.slice(0, end)
  const { values, names, connect } = parseClientArgs('shell', own, {})
  if (values.help) return shellUsage
  const [name, more] = names
  if (name === undefined) throw usageError('shell', 'no NAME')
  if (more !== undefined) {
    throw usageError('shell', `"${more}" is one too many; a command stands behind "--"`)
  }
  const command = end < 0 ? ['/bin/sh'] : args.slice(end + 1)
  if (command.length === 0) throw usageError('shell', 'no command behind "--"')
  const processes = await connect().status([name])
  const pids = processes.flatMap(({ instances }) => instances.flatMap(({ pid }) => pid ?? []))
  const [pid] = pids
  if (pid === undefined) throw new SupervisorError('REQUEST_FAILED', `${name} has no process now`)
  process.exitCode = await runBeside(pid, command)
  return ''
}
