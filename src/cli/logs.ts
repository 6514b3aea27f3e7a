import type { Line } from '../wire/history.ts'
import { clientUsage, parseClientArgs } from './connect.ts'
import { writeOut } from './stdout.ts'
import { usageError } from './usage.ts'

const logsUsage = `Usage: ringmaster logs [OPTION]... [NAME]...

Shows the last lines that processes wrote: what Ringmaster keeps of each stream, 8 KiB at most. NAME is a process, an instance such as
web.2, a group, a glob, or all.

  -f, --follow               go on with what they write
      --tail LINES           so many lines of each stream at most
${clientUsage}`

const flags = { follow: { type: 'boolean', short: 'f' }, tail: { type: 'string' } } as const

/** Carries out `ringmaster logs ARGS`: prints as it comes. */
export async function logsCommand(args: readonly string[]): Promise<string> {
  const { values, names, connect, format } = parseClientArgs('logs', args, flags)
  if (values.help) return logsUsage
  if (format === 'yaml') throw usageError('logs', '--output takes table or json here')
  const { tail, follow } = values
  if (tail !== undefined && !/^\d{1,6}$/.test(tail)) {
    throw usageError('logs', `--tail takes a number of lines, not "${tail}"`)
  }
  const options = { follow, tail: tail === undefined ? undefined : Number(tail) }
  for await (const line of connect().logs(names, options)) {
    if (format === 'json') writeOut(`${JSON.stringify(line)}\n`)
    else if (line.dropped === undefined) writeOut(logLine(line))
    else
      process.stderr.write(`ringmaster: ${line.dropped} lines were left out: too slow for them\n`)
  }
  return ''
}

/** As Ringmaster writes it to its own stdout. */
function logLine({ instance, text }: Line): string {
  return `${instance} | ${text}\n`
}
