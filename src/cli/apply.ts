import { resolve } from 'node:path'
import type { Applied } from '../wire/rollouts.ts'
import { clientUsage, parseClientArgs } from './connect.ts'
import { print } from './print.ts'
import { awaitRollouts } from './rollout.ts'
import { parseSeconds } from './usage.ts'

const applyUsage = `Usage: ringmaster apply [OPTION]... [[-f] CONFIG]...

Has what runs be as CONFIG has it, or the files that "ringmaster run" was started with: only what differs changes. Ringmaster reads the
files itself; what is wrong with them changes nothing. Shows what changes.

  -f, --file CONFIG          the same as CONFIG; repeatable
      --dry-run              change nothing
      --wait                 wait until all instances are replaced: exit code 1 when that failed, or is not in time
      --timeout SECONDS      wait so long at most, 600 if not given
${clientUsage}`

const flags = {
  file: { type: 'string', short: 'f', multiple: true },
  'dry-run': { type: 'boolean' },
  wait: { type: 'boolean' },
  timeout: { type: 'string' },
} as const

/** Carries out `ringmaster apply ARGS`; returns what it prints. */
export async function applyCommand(args: readonly string[]): Promise<string> {
  const { values, names, connect, format } = parseClientArgs('apply', args, flags)
  if (values.help) return applyUsage
  const timeoutSeconds = parseSeconds('apply', 'timeout', values.timeout ?? '600')
  const files = [...(values.file ?? []), ...names].map((name) => resolve(name))
  const client = connect()
  const isDry = values['dry-run'] ?? false
  const applied = await client.apply({ files, dryRun: isDry })
  const replaced = applied.processes.filter(({ kind }) => kind !== 'removed')
  if (values.wait && !isDry && replaced.length > 0) {
    await awaitRollouts(
      client,
      replaced.map(({ process }) => process),
      timeoutSeconds,
    )
  }
  return print(format, applied, describe)
}

function describe({ processes, settings, fixed }: Applied): string {
  const lines = [
    ...processes.map(({ process, kind, fields, replicas }) => {
      const scaled = replicas === null ? [] : [`replicas ${replicas.from} to ${replicas.to}`]
      const others = fields.filter((field) => field !== 'replicas' || replicas === null)
      const what = [...others, ...scaled].join(', ')
      return `${process}: ${kind}${what === '' ? '' : ` (${what})`}`
    }),
    ...settings.map((name) => `${name}: changes at once`),
    ...fixed.map((name) => `${name}: stays as it is until the container is restarted`),
  ]
  return lines.length === 0 ? 'nothing differs\n' : lines.map((line) => `${line}\n`).join('')
}
