import type { EventStatus, IncidentStatus } from '../wire/history.ts'
import type { ProcessDetail } from '../wire/processes.ts'
import type { SupervisorStatus } from '../wire/supervisor.ts'
import { clientUsage, parseClientArgs } from './connect.ts'
import { eventLines } from './events.ts'
import { print } from './print.ts'
import { statusTable } from './status.ts'
import { unusualState } from './supervisor-state.ts'
import { usageError } from './usage.ts'
import { story } from './why.ts'

const describeUsage = `Usage: ringmaster describe [OPTION]... NAME

Shows what a process is, how its instances are, its last incident and what happened of late. NAME is a process or an instance.

${clientUsage}`

interface Described extends ProcessDetail {
  readonly events: readonly EventStatus[]
  readonly incidents: readonly IncidentStatus[]
}

const mostEvents = 10

/** Carries out `ringmaster describe ARGS`; returns what it prints. */
export async function describeCommand(args: readonly string[]): Promise<string> {
  const { values, names, connect, format } = parseClientArgs('describe', args, {})
  if (values.help) return describeUsage
  const [name, more] = names
  if (name === undefined) throw usageError('describe', 'no NAME')
  if (more !== undefined) throw usageError('describe', `"${more}" is one too many`)
  const client = connect()
  // One after the other: where all connections are taken, a second one could end the first.
  const detail = await client.describe(name)
  const events = await client.events([name])
  const incidents = await client.incidents([name])
  const supervisor = await client.supervisor()
  const described = { ...detail, events: events.slice(-mostEvents), incidents }
  return print(format, described, (all) => describeText(all, supervisor, Date.now()))
}

function describeText(described: Described, supervisor: SupervisorStatus, nowMs: number): string {
  const { command, dependsOn, neededBy, groups, probes, sockets, events, incidents } = described
  const fields: readonly (readonly [string, string])[] = [
    ['Process', described.name],
    ['Command', command.join(' ')],
    ['Replicas', `${described.replicas}`],
    ['Ready', described.ready ? 'yes' : 'no'],
    ['Essential', described.essential ? 'yes' : 'no'],
    ['Restart', described.restartPolicy],
    ['Stop', `${described.stopSignal}, then ${described.terminationGracePeriodSeconds} s`],
    [
      'Depends on',
      dependsOn.map(({ process, condition }) => `${process} (${condition})`).join(', '),
    ],
    ['Needed by', neededBy.join(', ')],
    ['Groups', groups.join(', ')],
    ['Sockets', sockets.join(', ')],
    ['Probes', probes.join(', ')],
    ['Ringmaster', unusualState(supervisor)],
  ]
  const head = fields
    .filter(([, text]) => text !== '')
    .map(([name, text]) => `${`${name}:`.padEnd(12)} ${text}\n`)
    .join('')
  const last = incidents.at(-1)
  return [
    head,
    statusTable([described], nowMs),
    last === undefined ? '' : `Last incident:\n${story(last)}`,
    events.length === 0 ? '' : `Events:\n${eventLines(events)}`,
  ]
    .filter((part) => part !== '')
    .join('\n')
}
