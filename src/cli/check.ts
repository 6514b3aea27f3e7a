import { readFileSync } from 'node:fs'
import { signalName } from '../lib/signals.ts'
import { lint } from '../plan/lint.ts'
import { startedAtOnce } from '../plan/order.ts'
import type { Plan } from '../plan/plan.ts'
import type { ProcessSpec } from '../plan/process-spec.ts'
import { fillReferences } from '../plan/references.ts'
import { shutdownTimeline } from '../plan/shutdown.ts'
import { describeAddress } from '../plan/sockets.ts'
import { toInstance } from '../plan/to-instance.ts'
import { readConfiguration } from './configuration.ts'
import { laterOptions, parseWords, refuseLater } from './usage.ts'

const checkUsage = `Usage: ringmaster check [OPTION]... [CONFIG]...

Validates a configuration and prints what would run, what a shutdown would do when, and what will not do as it reads.
Leaves with 78 when it is not valid.

      --strict           leave with 1 when there are warnings
      --env-file FILE    add the variables of FILE to the environment; repeatable
  -h, --help             print this
`

/** What a command prints, and what it leaves with. */
export interface Report {
  readonly text: string
  readonly exitCode: number
}

/** Carries out `ringmaster check ARGS`. Throws `CONFIG_INVALID`. */
export async function checkCommand(args: readonly string[]): Promise<Report> {
  const { values, positionals } = parseWords('check', args, {
    strict: { type: 'boolean' },
    'env-file': { type: 'string', multiple: true },
    help: { type: 'boolean', short: 'h' },
    ...laterOptions,
  })
  if (values.help) return { text: checkUsage, exitCode: 0 }
  refuseLater('check', values)
  const { config, plan, files } = await readConfiguration('check', positionals, values['env-file'])
  const warnings = lint(config, plan, process.geteuid?.() ?? 0, mostBacklog())
  return {
    text: [
      `${files.join(', ')}: valid`,
      '',
      ...processTable(plan),
      ...socketTable(plan),
      '',
      ...timeline(plan),
      ...(warnings.length > 0 ? ['', ...warnings.map((warning) => `warning: ${warning}`)] : []),
      '',
    ].join('\n'),
    exitCode: values.strict && warnings.length > 0 ? 1 : 0,
  }
}

/** What the kernel allows; infinite where it does not say. */
function mostBacklog(): number {
  try {
    return Number(readFileSync('/proc/sys/net/core/somaxconn', 'utf8'))
  } catch {
    // There is no /proc, or not all of it.
    return Number.POSITIVE_INFINITY
  }
}

/** With a column for the start where there is something to say of one. */
function processTable({ processes }: Plan): readonly string[] {
  const started = startedAtOnce(processes)
  const starts = processes.map((process) => startOf(process, started.has(process.name)))
  const rows = [
    ['PROCESS', 'REPLICAS', 'USER', 'RESTART', 'STOP', 'COMMAND'],
    ...processes.map(rowOf),
  ]
  if (starts.every((start) => start === '')) return table(rows)
  const column = ['START', ...starts.map((start) => start || 'at once')]
  return table(rows.map((row, index) => [...row.slice(0, 3), column[index] ?? '', ...row.slice(3)]))
}

function socketTable({ sockets, processes }: Plan): readonly string[] {
  if (sockets.length === 0) return []
  const users = (name: string) =>
    processes.filter((process) => process.sockets.includes(name)).map((process) => process.name)
  const rows = sockets.map((socket) => [
    socket.name,
    describeAddress(socket),
    users(socket.name).join(', ') || '-',
  ])
  return ['', ...table([['SOCKET', 'ADDRESS', 'PROCESSES'], ...rows])]
}

/** What its first start waits for. */
function startOf(process: ProcessSpec, isStarted: boolean): string {
  const { autoStart, startDelayMs, dependsOn } = process
  return [
    ...(isStarted ? [] : ['not by itself']),
    ...(isStarted && !autoStart ? ['for others'] : []),
    ...(startDelayMs > 0 ? [`after ${seconds(startDelayMs)}`] : []),
    ...dependsOn.map((one) => `${one.process} ${one.condition}`),
    ...(process.isOnDemand ? [`on a connection to ${process.sockets.join(' or ')}`] : []),
  ].join(', ')
}

function rowOf(process: ProcessSpec): readonly string[] {
  const { template } = process
  return [
    process.name,
    String(process.replicas),
    String(template.security.user ?? '-'),
    restartOf(process),
    `${signalName(process.stopSignal)}, ${seconds(process.graceMs)}, ${process.killMode}`,
    commandOf(toInstance(template, 1).command),
  ]
}

function restartOf({ restartPolicy, restartLimit }: ProcessSpec): string {
  if (restartPolicy === 'Never') return restartPolicy
  return restartLimit === null
    ? `${restartPolicy}, no limit`
    : `${restartPolicy}, ${restartLimit.count} in ${seconds(restartLimit.withinMs)}`
}

/** On one line, and not endless. */
function commandOf(command: readonly string[]): string {
  const text = command
    // References get their values at the start of a run; a doubled dollar is one.
    .map((template) => fillReferences(template, {}))
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word)))
    .join(' ')
  return text.length > 60 ? `${text.slice(0, 59)}…` : text
}

function timeline({ shutdown, processes }: Plan): readonly string[] {
  const steps = shutdownTimeline(shutdown, processes)
  return [
    `Shutdown, ${seconds(shutdown.graceMs)} at most:`,
    ...table(
      steps.map(({ step, process, beginMs, endMs, ownMs }) => [
        `  ${seconds(beginMs)}`,
        `to ${seconds(endMs)}`,
        process === null ? step : `${step} ${process}`,
        // Less than a millisecond is rounding.
        endMs - beginMs < ownMs - 1 ? `cut from ${seconds(ownMs)}` : '',
      ]),
    ),
  ]
}

/** Columns as wide as what is in them. */
function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  )
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1).replace(/\.0$/, '')} s`
}
