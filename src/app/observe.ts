import { closeSync } from 'node:fs'
import type { ControlOptions } from '../api/control/serve.ts'
import type { WrittenHistory } from '../observe/history.ts'
import type { WrittenIncidents } from '../observe/incidents.ts'
import type { Mailbox } from '../observe/mailbox.ts'
import { loadBundle } from '../os/bundle.ts'
import type { OwnCommands } from '../os/commands.ts'
import type { GuardProcess } from '../os/guard.ts'
import { native } from '../os/native.ts'
import { createPeers } from '../os/peers.ts'
import type { OpenSocket } from '../os/sockets.ts'
import { tcp } from '../os/tcp-connections.ts'
import { createUsageSource } from '../os/usage.ts'
import { wantsColor } from '../output/colors.ts'
import type { OwnLines } from '../output/own-lines.ts'
import type { CountedOutput } from '../output/streams.ts'
import type { Plan } from '../plan/plan.ts'
import type { Cgroup } from '../ports/cgroup.ts'
import type { Clock } from '../ports/clock.ts'
import type { ConfigFiles, ConfigSource } from '../ports/config-source.ts'
import type { LoopTurns, Usages } from '../ports/usage.ts'
import type { LateProber } from '../runtime/late-prober.ts'
import { whenQuiet } from '../runtime/quiet.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Control } from './control.ts'
import type { Endpoint } from './endpoint.ts'
import type { Notes } from './notes.ts'
import { leadsToTerminal } from './own-output.ts'

/** What is loaded after the first spawns. */
export type Late = typeof import('../late.ts')

/** What is there by then. */
export interface LateParts {
  readonly plan: Plan
  readonly version: string
  readonly clock: Clock
  readonly runtime: Runtime
  readonly prober: LateProber
  readonly commands: OwnCommands
  readonly guard: GuardProcess
  readonly notes: Notes
  readonly mailbox: Mailbox
  readonly ownLines: OwnLines
  readonly output: CountedOutput
  readonly history: WrittenHistory
  readonly incidents: WrittenIncidents
  readonly cgroup: Cgroup
  readonly loopTurns: LoopTurns
  /** How many there were since the start. */
  readonly reapedOrphans: () => number
  /** Descriptors that are kept for this. */
  readonly reserve: readonly number[]
  readonly sockets: readonly OpenSocket[]
  readonly config: ConfigSource
  readonly showConfig: ConfigFiles['show']
  readonly endpoint: Endpoint
  readonly control: Control
  /** Hears of each time that it could not be loaded; it is tried again. */
  readonly onMissing: (error: unknown) => void
}

/** Descriptors and memory that are lacking may be had later. */
const firstAgainMs = 1000
const longestAgainMs = 60_000

/** The garbage of the start, and of each time that many instances start or end, is collected when no other has for so long, or all the time. */
const settled = { quietMs: 1000, longestMs: 60_000, many: 100 }

/** The heavy part: loaded when the first children are on their way. */
export async function observe(parts: LateParts): Promise<void> {
  const { clock, runtime, endpoint, guard, prober, notes } = parts
  for (const fd of parts.reserve) closeSync(fd)
  await endpoint.open()
  // What is loaded now keeps the event loop busy for long: what waits for the end of this turn, such as a look at the counter of
  // OOM kills before the first of them, comes before that.
  await guard.settled()
  await new Promise<void>((resolve) => clock.afterPoll(resolve))
  const late = await load(parts)
  prober.arrive(late.createProber(parts.commands, tcp))
  const log = await openLog(late, parts)
  const metrics = startMetrics(late, parts)
  const readers = [log.change, metrics.change]
  parts.mailbox.open(
    (change) => {
      for (const read of readers) read(change)
    },
    (count) => log.note('warn', `${count} changes were too early to be logged`),
  )
  notes.open(log.note)
  const view = () => runtime.view()
  const report = (error: unknown) => runtime.report(error)
  await endpoint.answer((front) => late.serve(front, { view, metrics, report }))
  if (view().phase === 'running') endpoint.tell()
  await answerCommands(late, parts, metrics.usages)
  // Not before all is loaded: the heap grows once, for that.
  native().boundHeap()
  const quiet = whenQuiet(clock, settled, () => native().releaseMemory())
  readers.push(({ type, at }) => {
    if (type === 'instance') quiet.change(at.monoMs)
  })
}

async function load({ clock, onMissing }: LateParts): Promise<Late> {
  for (let againMs = firstAgainMs; ; againMs = Math.min(2 * againMs, longestAgainMs)) {
    try {
      return loadBundle('late') as Late
    } catch (error) {
      onMissing(error)
    }
    await new Promise<void>((resolve) => {
      clock.at(clock.now().monoMs + againMs, resolve)
    })
  }
}

async function answerCommands(
  { createControl }: Late,
  parts: LateParts,
  usages: Usages,
): Promise<void> {
  const { control, notes, runtime, output, version, clock, history, incidents, sockets } = parts
  const source: ControlOptions = {
    ...{ version, clock, history, incidents, sockets, usages, lines: output },
    access: () => control.access,
    readConfig: parts.config.read,
    showConfig: parts.showConfig,
    view: () => runtime.view(),
    specs: () => runtime.specs(),
    preview: (other) => runtime.preview(other),
    whyNotApply: (other) => runtime.whyNotApply(other),
    obstacleToUndo: (process, toRevision) => runtime.obstacleToUndo(process, toRevision),
    post: (fact) => runtime.post(fact),
    report: (error) => runtime.report(error),
  }
  const clients = { peers: createPeers(), note: notes.tell }
  await control.answer(() => createControl(clients, source))
}

async function openLog({ createLog }: Late, { plan, clock, ownLines }: LateParts) {
  const isTerminal = await leadsToTerminal(2)
  const logTo = (write: (line: string) => void) =>
    createLog({
      write,
      isTerminal,
      hasColor: wantsColor(process.env, isTerminal),
      wallMs: () => clock.now().wallMs,
      level: plan.logs.level,
    })
  ownLines.report((message, write) => logTo(write).note('warn', message))
  return logTo(ownLines.write)
}

function startMetrics({ createMetrics }: Late, parts: LateParts) {
  const { clock, version, runtime, output, incidents, cgroup, loopTurns, reapedOrphans } = parts
  const usage = createUsageSource()
  return createMetrics({
    ...{ clock, version, cgroup, loopTurns, reapedOrphans },
    view: () => runtime.view(),
    output: output.counts,
    usage: {
      *look(mains) {
        const usages = yield* usage.look(mains)
        incidents.used(usages)
        return usages
      },
    },
  })
}
