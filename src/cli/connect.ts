import type { ParseArgsConfig } from 'node:util'
import { parseArgs } from 'node:util'
import { RingmasterClient } from '../client/client.ts'
import { type Format, parseFormat } from './print.ts'
import { usageError } from './usage.ts'

/** What every command that speaks to a running Ringmaster takes. */
export const clientFlags = {
  socket: { type: 'string' },
  output: { type: 'string', short: 'o' },
  help: { type: 'boolean', short: 'h' },
} as const satisfies ParseArgsConfig['options']

export const clientUsage = `      --socket PATH          the control socket; if not given, $RINGMASTER_CONTROL, or where "ringmaster run" makes it
  -o, --output FORMAT        table, json or yaml
  -h, --help                 print this
`

/** The words of such a command. Throws `USAGE`. */
export function parseClientArgs<const Flags extends NonNullable<ParseArgsConfig['options']>>(
  command: string,
  args: readonly string[],
  flags: Flags,
) {
  const options = { ...clientFlags, ...flags }
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
    const given = values as { socket?: string; output?: string }
    const connect = () => new RingmasterClient({ socket: given.socket })
    const format: Format = parseFormat(command, given.output)
    return { values, names: positionals, connect, format }
  } catch (error) {
    throw usageError(command, error)
  }
}
