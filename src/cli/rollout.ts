import type { RingmasterClient } from '../client/client.ts'
import type { RevisionStatus, RolloutAction, RolloutStatus } from '../wire/rollouts.ts'
import { clientUsage, parseClientArgs } from './connect.ts'
import { print } from './print.ts'
import { table } from './table.ts'
import { parseSeconds, usageError } from './usage.ts'

const rolloutUsage = `Usage: ringmaster rollout status [OPTION]... [NAME]...
       ringmaster rollout history [OPTION]... [NAME]...
       ringmaster rollout undo [--to-revision N] NAME
       ringmaster rollout restart|pause|resume NAME

Shows and changes how the instances of a process are replaced. "status" waits for the end: exit code 0 when all is as wanted, 1 when it
failed, or the last good revision had to come back. "restart" replaces instances as a new configuration would.

      --no-watch             do not wait
      --timeout SECONDS      wait so long at most, 600 if not given; exit code 1 after that
      --to-revision N        the revision to go back to; the good one before if not given
${clientUsage}`

const flags = {
  watch: { type: 'string' },
  'no-watch': { type: 'boolean' },
  timeout: { type: 'string' },
  'to-revision': { type: 'string' },
} as const

/** Carries out `ringmaster rollout ARGS`; returns what it prints. */
export async function rolloutCommand(args: readonly string[]): Promise<string> {
  const { values, names: words, connect, format } = parseClientArgs('rollout', args, flags)
  if (values.help) return rolloutUsage
  const [action, ...names] = words
  const client = connect()
  switch (action) {
    case 'history':
      return print(format, await client.revisions(names), historyTable)
    case 'status': {
      const isWatched = !values['no-watch'] && values.watch !== 'false'
      const timeoutSeconds = parseSeconds('rollout', 'timeout', values.timeout ?? '600')
      const all = isWatched
        ? await awaitRollouts(client, names, timeoutSeconds)
        : await client.rollouts(names)
      return print(format, all, rolloutTable)
    }
    case 'undo':
    case 'restart':
    case 'pause':
    case 'resume':
      return print(format, await act(client, action, names, values['to-revision']), rolloutTable)
    default:
      throw usageError('rollout', 'it is status, history, undo, restart, pause or resume')
  }
}

/** The rollouts at their end. Sets the exit code where one is not as it was wanted. */
export async function awaitRollouts(
  client: RingmasterClient,
  names: readonly string[],
  timeoutSeconds: number,
): Promise<readonly RolloutStatus[]> {
  const all = await client.rollouts(names, timeoutSeconds)
  const left = all.filter(({ state }) => state !== 'complete')
  for (const one of left) process.stderr.write(`ringmaster: ${describe(one, timeoutSeconds)}\n`)
  if (left.length > 0) process.exitCode = 1
  return all
}

async function act(
  client: RingmasterClient,
  action: RolloutAction,
  [name, more]: readonly string[],
  revision: string | undefined,
): Promise<readonly RolloutStatus[]> {
  if (name === undefined) throw usageError('rollout', 'no NAME')
  if (more !== undefined) throw usageError('rollout', `"${more}" is one too many`)
  if (revision !== undefined && (action !== 'undo' || !/^[1-9]\d{0,8}$/.test(revision))) {
    throw usageError('rollout', '--to-revision takes a number, and is of "undo"')
  }
  return [await client.rollout(name, action, revision === undefined ? undefined : Number(revision))]
}

function describe({ process, state, reason }: RolloutStatus, timeoutSeconds: number): string {
  const why = reason === null ? '' : `: ${reason}`
  switch (state) {
    case 'failed':
      return `the rollout of ${process} has failed${why}`
    case 'returned':
    case 'returning':
      return `the rollout of ${process} has failed${why}; it goes back to its last good revision`
    default:
      return `the rollout of ${process} is ${state} after ${timeoutSeconds} s`
  }
}

function rolloutTable(all: readonly RolloutStatus[]): string {
  const heads = ['NAME', 'STATE', 'REVISION', 'REPLICAS', 'UPDATED', 'AVAILABLE', 'REASON']
  return table(
    heads,
    all.map(({ process, state, revision, replicas, updated, available, reason }) => [
      ...[process, state, `${revision}`, `${replicas}`, `${updated}`, `${available}`],
      reason ?? '',
    ]),
  )
}

function historyTable(all: readonly RevisionStatus[]): string {
  return table(
    ['NAME', 'REVISION', 'AT', 'GOOD', 'BY', 'CHANGES'],
    all.map(({ process, revision, at, good, by, changes, current }) => [
      ...[process, `${revision}${current ? '*' : ''}`, at.slice(0, 19).replace('T', ' ')],
      ...[good ? 'yes' : 'no', by, changes.join(', ')],
    ]),
  )
}
