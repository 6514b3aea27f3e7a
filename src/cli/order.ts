import type { RingmasterClient } from '../client/client.ts'
import type { Goal, Taken } from '../wire/commands.ts'
import { clientUsage, parseClientArgs } from './connect.ts'
import { inVain } from './in-vain.ts'
import { print } from './print.ts'
import { statusTable } from './status.ts'
import { parseSeconds, usageError } from './usage.ts'

type Order = 'start' | 'stop' | 'restart'

const about: Record<Order, readonly [does: string, until: string]> = {
  start: ['Starts processes, and what they need', 'they have started'],
  stop: ['Stops processes; what depends on them goes on', 'they have stopped'],
  restart: ['Stops and starts processes, all at once', 'they have started again'],
}

const goals: Record<Order, Goal> = { start: 'started', stop: 'stopped', restart: 'started' }

function orderUsage(order: Order): string {
  const [does, until] = about[order]
  return `Usage: ringmaster ${order} [OPTION]... NAME...

${does}, waits until ${until}, and shows how they are then. NAME is a process, an instance such as web.2, a
group, a glob, or all.

      --no-wait              do not wait
      --timeout SECONDS      wait so long at most, 60 if not given; exit code 1 after that
${clientUsage}`
}

const flags = { 'no-wait': { type: 'boolean' }, timeout: { type: 'string' } } as const

/** Carries out `ringmaster start|stop|restart ARGS`; returns what it prints. */
export async function orderCommand(order: Order, args: readonly string[]): Promise<string> {
  const { values, names, connect, format } = parseClientArgs(order, args, flags)
  if (values.help) return orderUsage(order)
  if (names.length === 0) throw usageError(order, 'no NAME')
  const timeoutSeconds = parseSeconds(order, 'timeout', values.timeout ?? '60')
  const client = connect()
  const taken = await client[order](names)
  if (!values['no-wait']) await awaitEnd(client, order, taken, timeoutSeconds)
  const after = await client.status(taken.names.length > 0 ? taken.names : names)
  return print(format, after, (all) => statusTable(all, Date.now()))
}

/** Throws `REQUEST_FAILED` when what was wanted does not come. */
async function awaitEnd(
  client: RingmasterClient,
  order: Order,
  { names, lastRun }: Taken,
  timeoutSeconds: number,
): Promise<void> {
  if (names.length === 0) return
  const after = order === 'restart' ? lastRun : undefined
  const waited = await client.wait(names, goals[order], { timeoutSeconds, after })
  if (waited.result !== 'done') throw inVain(order, goals[order], waited, timeoutSeconds)
}
