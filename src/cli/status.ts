import { setTimeout as sleep } from 'node:timers/promises'
import type { InstanceStatus, ProcessStatus } from '../wire/processes.ts'
import { clientUsage, parseClientArgs } from './connect.ts'
import { print } from './print.ts'
import { writeOut } from './stdout.ts'
import { unusualState } from './supervisor-state.ts'
import { age, table } from './table.ts'

const statusUsage = `Usage: ringmaster status [OPTION]... [NAME]...

Shows how processes and their instances are. NAME is a process, an instance such as web.2, a group, a glob, or all.

  -w, --watch                show them again each second
${clientUsage}`

const flags = { watch: { type: 'boolean', short: 'w' } } as const
const againMs = 1000
/** The cursor to the first place, and nothing behind it: see console_codes(4). */
const cleared = '\x1b[H\x1b[J'

/** Carries out `ringmaster status ARGS`; returns what it prints. */
export async function statusCommand(args: readonly string[]): Promise<string> {
  const { values, names, connect, format } = parseClientArgs('status', args, flags)
  if (values.help) return statusUsage
  const client = connect()
  const look = async (rows = Number.POSITIVE_INFINITY) => {
    if (format !== 'table') return print(format, await client.status(names), () => '')
    // One after the other: where all connections are taken, a second one could end the first.
    const processes = await client.status(names)
    const supervisor = await client.supervisor()
    const state = unusualState(supervisor)
    const line = state === '' ? '' : `\nringmaster: ${state}\n`
    return `${fit(statusTable(processes, Date.now()), line === '' ? rows : rows - 2)}${line}`
  }
  while (values.watch) {
    const { isTTY, rows } = process.stdout
    const text = await look(isTTY ? rows : undefined)
    if (isTTY) writeOut(`${cleared}${text}`)
    else writeOut(format === 'yaml' ? `---\n${text}` : text)
    await sleep(againMs)
  }
  return look()
}

/** What scrolls away is the head. */
function fit(text: string, rows: number): string {
  const lines = text.trimEnd().split('\n')
  const shown = lines.slice(0, rows - 2)
  const hidden = lines.length - shown.length
  return rows < 3 || lines.length < rows ? text : `${shown.join('\n')}\nand ${hidden} more\n`
}

/** One line an instance. */
export function statusTable(processes: readonly ProcessStatus[], nowMs: number): string {
  const rows = processes.flatMap(({ name, instances }) =>
    instances.length === 0
      ? [[name, 'no instances', '', '', '', '', '']]
      : instances.map((instance) => rowOf(instance, nowMs)),
  )
  return table(['NAME', 'PHASE', 'READY', 'PID', 'RESTARTS', 'AGE', 'REASON'], rows)
}

function rowOf(instance: InstanceStatus, nowMs: number): string[] {
  const { name, phase, ready, pid, restarts, startedAt, reason } = instance
  return [
    name,
    phase,
    ready ? 'yes' : 'no',
    pid === null ? '-' : `${pid}`,
    `${restarts}`,
    startedAt === null ? '-' : age(nowMs - Date.parse(startedAt)),
    reason ?? whyEnded(instance),
  ]
}

/** How the last run ended is worth a word where none lives. */
function whyEnded({ pid, cause, lastExit }: InstanceStatus): string {
  if (pid !== null || cause === null) return ''
  return lastExit === null ? cause : `${cause}: ${lastExit}`
}
