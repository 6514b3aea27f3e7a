import { Registry } from 'prom-client'
import type { Change } from '../core/messages.ts'
import type { View } from '../core/view.ts'
import type { Cgroup } from '../ports/cgroup.ts'
import type { Clock } from '../ports/clock.ts'
import type { OutputCounts } from '../ports/output.ts'
import type { LoopTurns, UsageSource } from '../ports/usage.ts'
import { type Distribution, distributionLines, expose, type Family, line } from './exposition.ts'
import { createChangeTallies } from './metrics-changes.ts'
import { instanceFamilies } from './metrics-instances.ts'
import { createUsageTallies } from './metrics-usage.ts'
import { addNodeMetrics } from './node-metrics.ts'
import { createPauses } from './slices.ts'

/** What Prometheus is told. */
export interface Metrics {
  change(change: Change): void
  /** All metrics as text. Leaves the event loop to others in between; who asks meanwhile gets the same. */
  text(): Promise<string>
  readonly contentType: string
}

/** All but `version` are looked into when scraped. */
export interface MetricsOptions {
  readonly clock: Clock
  readonly view: () => View
  /** By the name of an instance. */
  readonly output: ReadonlyMap<string, OutputCounts>
  readonly usage: UsageSource
  readonly cgroup: Pick<Cgroup, 'memoryBytes' | 'oomKills'>
  readonly loopTurns: LoopTurns
  /** Orphans reaped since the start. */
  readonly reapedOrphans: () => number
  readonly version: string
}

export function createMetrics(options: MetricsOptions): Metrics {
  const { clock, view, output, cgroup, loopTurns, reapedOrphans, version } = options
  const tallies = createChangeTallies()
  const usage = createUsageTallies({ source: options.usage, view, clock })
  const families: readonly Family[] = [
    ...instanceFamilies({ view, output, tallies, usage }),
    byProcess(
      'ringmaster_time_to_ready_seconds',
      'From the spawn of a run until it is ready.',
      tallies.timeToReady,
    ),
    byProcess(
      'ringmaster_stop_duration_seconds',
      'From the begin of a stop until nothing of the run lives.',
      tallies.stopDuration,
    ),
    single(
      'counter',
      'ringmaster_reaped_orphans_total',
      'Ended processes that were reaped though nobody here had started them.',
      reapedOrphans,
    ),
    single(
      'gauge',
      'ringmaster_cgroup_memory_bytes',
      'Memory that the kernel accounts to the container, page cache included.',
      cgroup.memoryBytes,
    ),
    single(
      'counter',
      'ringmaster_cgroup_oom_kills_total',
      'Processes of the container that the kernel has killed for want of memory.',
      cgroup.oomKills,
    ),
    {
      name: loopBlocked,
      help: 'How long each turn of the event loop kept Ringmaster from what came next.',
      type: 'histogram',
      lines: () => [distributionLines(loopBlocked, '', loopTurns)],
    },
    {
      name: 'ringmaster_build_info',
      help: 'Always 1; the labels say what runs.',
      type: 'gauge',
      lines: () => [line('ringmaster_build_info', `version="${version}",node="${node}"`, 1)],
    },
  ]
  const registry = new Registry()
  addNodeMetrics(registry)

  async function render(): Promise<string> {
    const pause = createPauses(clock)
    let text = ''
    await usage.refresh(pause)
    for (const piece of expose(families)) {
      text += piece
      await pause()
    }
    for (const { name } of registry.getMetricsAsArray()) {
      text += `${await registry.getSingleMetricAsString(name)}\n`
      await pause()
    }
    return text
  }

  let rendering: Promise<string> | undefined
  return {
    change: tallies.change,
    text() {
      rendering ??= render().finally(() => {
        rendering = undefined
      })
      return rendering
    },
    contentType: registry.contentType,
  }
}

const { node } = process.versions
const loopBlocked = 'ringmaster_loop_blocked_seconds'

function byProcess(
  name: string,
  help: string,
  distributions: ReadonlyMap<string, Distribution>,
): Family {
  return {
    ...{ name, help, type: 'histogram' },
    *lines() {
      for (const [process, distribution] of distributions) {
        yield distributionLines(name, `process="${process}"`, distribution)
      }
    },
  }
}

/** A metric of Ringmaster as a whole, left out while there is nothing to tell. */
function single(
  type: 'counter' | 'gauge',
  name: string,
  help: string,
  read: () => number | undefined,
): Family {
  return {
    ...{ name, help, type },
    *lines() {
      const value = read()
      if (value !== undefined) yield line(name, '', value)
    },
  }
}
