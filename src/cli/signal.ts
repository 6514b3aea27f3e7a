import { clientUsage, parseClientArgs } from './connect.ts'
import { print } from './print.ts'
import { usageError } from './usage.ts'

const signalUsage = `Usage: ringmaster signal [OPTION]... SIGNAL NAME...

Sends SIGNAL, such as USR1, SIGTERM or 15, to the main process of each instance that runs. NAME is a process, an instance such as
web.2, a group, a glob, or all.

      --children             also to what has come of them
${clientUsage}`

/** Carries out `ringmaster signal ARGS`; returns what it prints. */
export async function signalCommand(args: readonly string[]): Promise<string> {
  const flags = { children: { type: 'boolean' } } as const
  const { values, names: words, connect, format } = parseClientArgs('signal', args, flags)
  if (values.help) return signalUsage
  const [signal, ...names] = words
  if (signal === undefined) throw usageError('signal', 'no SIGNAL')
  if (names.length === 0) throw usageError('signal', 'no NAME')
  const { instances } = await connect().signal(names, signal, values.children)
  return print(format, instances, (all) => all.map((name) => `${name}\n`).join(''))
}
