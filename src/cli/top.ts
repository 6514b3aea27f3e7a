import { setTimeout as sleep } from 'node:timers/promises'
import type { RingmasterClient } from '../client/client.ts'
import type { InstanceStatus } from '../wire/processes.ts'
import type { SupervisorStatus } from '../wire/supervisor.ts'
import type { UsageStatus } from '../wire/usage.ts'
import { clientUsage, parseClientArgs } from './connect.ts'
import { print } from './print.ts'
import { takeScreen } from './screen.ts'
import { supervisorState } from './supervisor-state.ts'
import { age, table } from './table.ts'
import { usageError } from './usage.ts'

const topUsage = `Usage: ringmaster top [OPTION]... [NAME]...

Shows what instances use, each with all that has come of its process, the busiest first, again each second until q or Ctrl-C. Elsewhere
than on a terminal, and with --output json or yaml, it is shown once, after a second. NAME is a process, an instance such as web.2, a
group, a glob, or all.

      --once                 show it once
      --sort COLUMN          cpu, rss, restarts or name; cpu if not given
${clientUsage}`

const flags = { once: { type: 'boolean' }, sort: { type: 'string' } } as const
const sorts = ['cpu', 'rss', 'restarts', 'name'] as const
const againMs = 1000

/** One instance, and what it uses. */
export interface TopRow extends Pick<InstanceStatus, 'name' | 'phase' | 'ready' | 'pid'> {
  /** Of one CPU, since the look before; null: there was none. */
  readonly cpuPercent: number | null
  readonly residentBytes: number | null
  readonly openFds: number | null
  readonly restarts: number
  readonly startedAt: string | null
}

/** Carries out `ringmaster top ARGS`; returns what it prints, or shows it as it changes. */
export async function topCommand(args: readonly string[]): Promise<string> {
  const { values, names, connect, format } = parseClientArgs('top', args, flags)
  if (values.help) return topUsage
  const sort = sorts.find((one) => one === (values.sort ?? 'cpu'))
  if (sort === undefined) throw usageError('top', `--sort takes ${sorts.join(', ')}`)
  const look = createLook(connect(), names, sort)
  const { isTTY } = process.stdout
  if (!isTTY || values.once || format !== 'table') {
    await look()
    await sleep(againMs)
    const { rows } = await look()
    return print(format, rows, (all) => topTable(all, Date.now()))
  }
  await showUntilEnd(look)
  return ''
}

interface Looked {
  readonly supervisor: SupervisorStatus
  readonly rows: readonly TopRow[]
}

/** Each look tells what was used since the one before. */
function createLook(
  client: RingmasterClient,
  names: readonly string[],
  sort: (typeof sorts)[number],
): () => Promise<Looked> {
  let before: UsageStatus | undefined
  let rates = new Map<string, number>()
  return async () => {
    // One after the other: where all connections are taken, a second one could end the first.
    const supervisor = await client.supervisor()
    const usage = await client.usage(names)
    const processes = await client.status(names)
    // Who else asks may have had it looked up just now.
    if (before === undefined || usage.atSeconds > before.atSeconds) {
      rates = ratesOf(before, usage)
      before = usage
    }
    const used = new Map(usage.instances.map((one) => [one.name, one]))
    const rows = processes
      .flatMap(({ instances }) => instances)
      .map(({ name, phase, ready, pid, restarts, startedAt }): TopRow => {
        const { residentBytes = null, openFds = null } = used.get(name) ?? {}
        const cpuPercent = rates.get(name) ?? null
        return {
          ...{ name, phase, ready, pid, cpuPercent, residentBytes, openFds, restarts, startedAt },
        }
      })
    return { supervisor, rows: sorted(rows, sort) }
  }
}

function ratesOf(before: UsageStatus | undefined, now: UsageStatus): Map<string, number> {
  const rates = new Map<string, number>()
  for (const { name, cpuSeconds } of now.instances) {
    const last = before?.instances.find((one) => one.name === name)
    if (before === undefined || last === undefined) continue
    const percent = (100 * (cpuSeconds - last.cpuSeconds)) / (now.atSeconds - before.atSeconds)
    rates.set(name, Math.round(10 * percent) / 10)
  }
  return rates
}

function sorted(rows: readonly TopRow[], sort: (typeof sorts)[number]): readonly TopRow[] {
  const weight = (row: TopRow): number => {
    switch (sort) {
      case 'cpu':
        return row.cpuPercent ?? -1
      case 'rss':
        return row.residentBytes ?? -1
      case 'restarts':
        return row.restarts
      case 'name':
        return 0
    }
  }
  // As the configuration has them where nothing else tells.
  return rows.toSorted((one, other) => weight(other) - weight(one))
}

async function showUntilEnd(look: () => Promise<Looked>): Promise<void> {
  // Whatever is wrong from the start is told where it can be read.
  let last = await look()
  const ended = new AbortController()
  const screen = takeScreen(draw, (code) => {
    process.exitCode = code
    ended.abort()
  })
  draw()
  try {
    for (;;) {
      await sleep(againMs, undefined, { signal: ended.signal })
      last = await look()
      if (!ended.signal.aborted) draw()
    }
  } catch (error) {
    if (!ended.signal.aborted) throw error
  } finally {
    screen.leave()
  }

  function draw(): void {
    const lines = topTable(last.rows, Date.now(), screen.columns).trimEnd().split('\n')
    const room = screen.rows - 1
    const shown = lines.length > room ? lines.slice(0, room - 1) : lines
    const hidden = lines.length - shown.length
    const more = hidden > 0 ? [`and ${hidden} more`] : []
    screen.draw([summary(last, screen.columns), ...shown, ...more].join('\n'))
  }
}

function summary({ supervisor, rows }: Looked, columns: number): string {
  const sum = (of: (row: TopRow) => number | null) =>
    rows.reduce((total, row) => total + (of(row) ?? 0), 0)
  const ready = rows.filter((row) => row.ready).length
  const text = [
    `ringmaster ${supervisorState(supervisor)}`,
    `${ready} of ${rows.length} instances ready`,
    `cpu ${sum(({ cpuPercent }) => cpuPercent).toFixed(1)} %`,
    `rss ${bytes(sum(({ residentBytes }) => residentBytes))}`,
  ].join(' · ')
  return text.slice(0, columns)
}

/** One line an instance. */
function topTable(rows: readonly TopRow[], nowMs: number, width?: number): string {
  const or = (value: number | null, text: (value: number) => string) =>
    value === null ? '-' : text(value)
  return table(
    ['NAME', 'CPU%', 'RSS', 'RESTARTS', 'PHASE', 'READY', 'PID', 'FDS', 'AGE'],
    rows.map((row) => [
      row.name,
      or(row.cpuPercent, (percent) => percent.toFixed(1)),
      or(row.residentBytes, bytes),
      `${row.restarts}`,
      row.phase,
      row.ready ? 'yes' : 'no',
      or(row.pid, String),
      or(row.openFds, String),
      row.startedAt === null ? '-' : age(nowMs - Date.parse(row.startedAt)),
    ]),
    width,
  )
}

/** `3.4 MiB`. */
function bytes(count: number): string {
  const units = ['KiB', 'MiB', 'GiB', 'TiB']
  let value = count / 1024
  let unit = 0
  for (; value >= 1000 && unit < units.length - 1; unit++) value /= 1024
  return `${value.toFixed(value < 10 ? 1 : 0)} ${units[unit]}`
}
