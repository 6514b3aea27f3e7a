import { clientUsage, parseClientArgs } from './connect.ts'
import { print } from './print.ts'
import { awaitRollouts } from './rollout.ts'
import { statusTable } from './status.ts'
import { parseSeconds, usageError } from './usage.ts'

const reloadUsage = `Usage: ringmaster reload [OPTION]... NAME...

Has processes read their configuration again: sends the reloadSignal of those that have one, and replaces the instances of others one
after the other, for which it waits. NAME is a process, an instance such as web.2, a group, a glob, or all.

      --no-wait              do not wait
      --timeout SECONDS      wait so long at most, 600 if not given; exit code 1 after that
${clientUsage}`

const flags = { 'no-wait': { type: 'boolean' }, timeout: { type: 'string' } } as const

/** Carries out `ringmaster reload ARGS`; returns what it prints. */
export async function reloadCommand(args: readonly string[]): Promise<string> {
  const { values, names, connect, format } = parseClientArgs('reload', args, flags)
  if (values.help) return reloadUsage
  if (names.length === 0) throw usageError('reload', 'no NAME')
  const timeoutSeconds = parseSeconds('reload', 'timeout', values.timeout ?? '600')
  const client = connect()
  await client.reload(names)
  if (!values['no-wait']) await awaitRollouts(client, names, timeoutSeconds)
  return print(format, await client.status(names), (all) => statusTable(all, Date.now()))
}
