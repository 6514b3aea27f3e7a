import type { RingmasterClient } from '../client/client.ts'
import { SupervisorError } from '../lib/errors.ts'
import { listenerOf, requestBeside, runBeside } from '../os/shell.ts'
import { clientUsage, parseClientArgs } from './connect.ts'
import { usageError } from './usage.ts'

const shellUsage = `Usage: ringmaster shell [OPTION]... NAME [-- COMMAND [ARG]...]

Runs a shell, or COMMAND, beside an instance that has a process: with its environment, its working directory, its user and groups, its
capabilities and limits, and no right that it does not have. NAME is an instance such as web.2, or a process, of which the first
instance that runs is taken. Ends with the exit code of the command.

${clientUsage}`

/** Carries out `ringmaster shell ARGS`; returns what it prints. */
export async function shellCommand(args: readonly string[]): Promise<string> {
  const end = args.indexOf('--')
  const own = end < 0 ? args : args.slice(0, end)
  const { values, names, connect, sockets } = parseClientArgs('shell', own, {})
  if (values.help) return shellUsage
  const [name, more] = names
  if (name === undefined) throw usageError('shell', 'no NAME')
  if (more !== undefined) {
    throw usageError('shell', `"${more}" is one too many; a command stands behind "--"`)
  }
  const [file, ...words] = end < 0 ? ['/bin/sh'] : args.slice(end + 1)
  if (file === undefined) throw usageError('shell', 'no command behind "--"')
  const paths = sockets()
  if (paths === undefined) {
    throw usageError('shell', 'it takes a socket: what is asked over TCP may be another machine')
  }
  const client = connect()
  const model = await findModel(client, name)
  const { pid } = await client.supervisor()
  if (listenerOf(paths) !== pid) {
    throw new SupervisorError(
      'REQUEST_FAILED',
      'cannot look into processes of another PID namespace: ask in the container, as by "kubectl exec"',
    )
  }
  const request = requestBeside(model, [file, ...words])
  // As long as Ringmaster has it for the same run, nobody else can have had that pid.
  const now = await findModel(client, name)
  if (now.pid !== model.pid || now.run !== model.run) {
    throw new SupervisorError('REQUEST_FAILED', `${name} has just ended: try again`)
  }
  process.exitCode = await runBeside(request)
  return ''
}

/** The first instance that has a process. */
async function findModel(
  client: RingmasterClient,
  name: string,
): Promise<{ readonly name: string; readonly pid: number; readonly run: number }> {
  const processes = await client.status([name])
  for (const { name, pid, run } of processes.flatMap(({ instances }) => instances)) {
    if (pid !== null) return { name, pid, run }
  }
  throw new SupervisorError('REQUEST_FAILED', `${name} has no process now`)
}
