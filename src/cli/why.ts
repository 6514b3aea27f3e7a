import type { IncidentStatus } from '../wire/history.ts'
import type { RolloutStatus } from '../wire/rollouts.ts'
import { clientUsage, parseClientArgs } from './connect.ts'
import { print } from './print.ts'
import { age } from './table.ts'
import { usageError } from './usage.ts'

const whyUsage = `Usage: ringmaster why [OPTION]... NAME...

Tells the story of the last incident of each process: how its run ended, what its probes and its last lines said, and what followed; and
why its last rollout has failed, if it has. NAME is a process, an instance such as web.2, a group, a glob, or all.

${clientUsage}`

/** Carries out `ringmaster why ARGS`; returns what it prints. */
export async function whyCommand(args: readonly string[]): Promise<string> {
  const { values, names, connect, format } = parseClientArgs('why', args, {})
  if (values.help) return whyUsage
  if (names.length === 0) throw usageError('why', 'no NAME')
  const client = connect()
  const [incidents, rollouts] = await Promise.all([client.incidents(names), client.rollouts(names)])
  const last = new Map(incidents.map((incident) => [incident.process, incident]))
  return print(format, [...last.values()], (all) => {
    const parts = [...all.map(story), ...rollouts.flatMap(rolloutStory)]
    return parts.length === 0
      ? `nothing has gone wrong with ${names.join(', ')}\n`
      : parts.join('\n')
  })
}

/** What has become of a rollout that failed. */
function rolloutStory({ process, revision, state, reason }: RolloutStatus): readonly string[] {
  const why = reason === null ? '' : `: ${reason}`
  switch (state) {
    case 'failed':
      return [`the rollout of ${process} to revision ${revision} has failed${why}\n`]
    case 'returning':
    case 'returned':
      return [
        `the last rollout of ${process} has failed${why}; it ${state === 'returned' ? 'has gone' : 'goes'} back to revision ${revision}\n`,
      ]
    case 'progressing':
    case 'paused':
    case 'complete':
      return []
  }
}

/** An incident in a few plain lines. */
export function story(incident: IncidentStatus): string {
  const { instance, run, livedMs, text, reason, killed, probes, stderr, stdout, restarts } =
    incident
  const lived = livedMs === null ? '' : ` after ${livedMs < 1000 ? `${livedMs} ms` : age(livedMs)}`
  const failed = probes.filter(({ ok }) => ok === false)
  const lines = [
    `${instance} (run ${run}) ended${lived} at ${incident.endedAt.slice(0, 19).replace('T', ' ')}: ${incident.cause}, ${text}`,
    ...(reason === null ? [] : [`  because ${reason}`]),
    ...(killed ? ['  it had to be killed'] : []),
    ...failed.map(({ probe, detail }) => `  its ${probe} probe failed last: ${detail}`),
    ...quote('stderr', stderr),
    ...(stderr === '' ? quote('stdout', stdout) : []),
    `  then: ${whatFollowed(incident)}; ${restarts} restart${restarts === 1 ? '' : 's'} so far`,
  ]
  return lines.map((line) => `${line}\n`).join('')
}

const mostLines = 10

function quote(stream: string, text: string): string[] {
  const lines = text.split('\n').filter((line) => line !== '')
  if (lines.length === 0) return []
  return [`  last lines of ${stream}:`, ...lines.slice(-mostLines).map((line) => `    ${line}`)]
}

function whatFollowed({ next, nextReason, delayMs }: IncidentStatus): string {
  const when = delayMs === null ? '' : delayMs === 0 ? ', started again at once' : `, ${delayMs} ms`
  return `${next}${nextReason === null ? '' : `, ${nextReason}`}${when}`
}
