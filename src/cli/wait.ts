import { setTimeout as sleep } from 'node:timers/promises'
import type { RingmasterClient } from '../client/client.ts'
import { isSupervisorError } from '../lib/errors.ts'
import type { Goal, Waited } from '../wire/commands.ts'
import { clientUsage, parseClientArgs } from './connect.ts'
import { inVain } from './in-vain.ts'
import { print } from './print.ts'
import { parseSeconds, usageError } from './usage.ts'

const waitUsage = `Usage: ringmaster wait [OPTION]... NAME...

Waits until all that is named is as it is wanted: exit code 0, or 1 when it cannot be any more, or is not in time. NAME is a
process, an instance such as web.2, a group, a glob, or all.

      --for GOAL             ready, started, stopped or succeeded; ready if not given
      --timeout SECONDS      wait so long at most, for Ringmaster's socket, too; for ever if not given
${clientUsage}`

const flags = { for: { type: 'string' }, timeout: { type: 'string' } } as const
const goals = ['ready', 'started', 'stopped', 'succeeded'] as const
const againMs = 50

/** Carries out `ringmaster wait ARGS`; returns what it prints. */
export async function waitCommand(args: readonly string[]): Promise<string> {
  const { values, names, connect, format } = parseClientArgs('wait', args, flags)
  if (values.help) return waitUsage
  if (names.length === 0) throw usageError('wait', 'no NAME')
  const goal = goals.find((one) => one === (values.for ?? 'ready'))
  if (goal === undefined) throw usageError('wait', `--for takes ${goals.join(', ')}`)
  const { timeout } = values
  const seconds = timeout === undefined ? undefined : parseSeconds('wait', 'timeout', timeout)
  const waited = await waitFor(connect(), names, goal, seconds)
  if (waited.result === 'done') return format === 'table' ? '' : print(format, waited, () => '')
  throw inVain('wait', goal, waited, seconds ?? 0)
}

/** Ringmaster may be about to start: with a timeout its socket is waited for. */
async function waitFor(
  client: RingmasterClient,
  names: readonly string[],
  goal: Goal,
  timeoutSeconds: number | undefined,
): Promise<Waited> {
  if (timeoutSeconds === undefined) return client.wait(names, goal)
  const untilMs = performance.now() + 1000 * timeoutSeconds
  const leftMs = () => Math.max(0, untilMs - performance.now())
  for (;;) {
    try {
      return await client.wait(names, goal, { timeoutSeconds: leftMs() / 1000 })
    } catch (error) {
      const isAway = isSupervisorError(error) && error.code === 'UNREACHABLE'
      if (!isAway || leftMs() === 0) throw error
      await sleep(Math.min(againMs, leftMs()))
    }
  }
}
