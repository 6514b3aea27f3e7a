import type { EventStatus } from '../wire/history.ts'
import { clientUsage, parseClientArgs } from './connect.ts'
import { print } from './print.ts'
import { writeOut } from './stdout.ts'
import { usageError } from './usage.ts'

const eventsUsage = `Usage: ringmaster events [OPTION]... [NAME]...

Shows what has happened, of what is named or of all, as the log says it: the newest 1,000 events at most. NAME is a process, an instance
such as web.2, a group, a glob, or all.

  -f, --follow               go on with what happens; with -o json one object a line
${clientUsage}`

const flags = { follow: { type: 'boolean', short: 'f' } } as const

/** Carries out `ringmaster events ARGS`; returns what it prints, or prints as it comes. */
export async function eventsCommand(args: readonly string[]): Promise<string> {
  const { values, names, connect, format } = parseClientArgs('events', args, flags)
  if (values.help) return eventsUsage
  if (values.follow && format === 'yaml') {
    throw usageError('events', '--output takes table or json with --follow')
  }
  if (!values.follow) return print(format, await connect().events(names), eventLines)
  for await (const event of connect().followEvents(names, { after: 0 })) {
    writeOut(format === 'json' ? `${JSON.stringify(event)}\n` : eventLines([event]))
  }
  return ''
}

/** One line each: when, how bad, what. */
export function eventLines(events: readonly EventStatus[]): string {
  return events
    .map(({ at, level, text }) => {
      const time = at.slice(0, 19).replace('T', ' ')
      return `${time} ${level === 'info' ? '' : `${level}: `}${text}\n`
    })
    .join('')
}
