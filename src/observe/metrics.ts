import { Counter, Gauge, Registry } from 'prom-client'
import type { Change } from '../core/changes.ts'
import type { View } from '../core/view.ts'
import type { Cgroup } from '../ports/cgroup.ts'
import type { Clock } from '../ports/clock.ts'
import type { OutputCounts } from '../ports/output.ts'
import type { LoopTurns, UsageSource, Usages } from '../ports/usage.ts'
import { createChangeTallies } from './metrics-changes.ts'
import { addInstanceMetrics } from './metrics-instances.ts'
import { createProbeHistogram } from './metrics-probes.ts'
import { createUsageTallies } from './metrics-usage.ts'
import { addNodeMetrics } from './node-metrics.ts'
import { type Sample, SampledHistogram, sampled } from './sampled.ts'
import { createPauses } from './slices.ts'

/** What Prometheus is told. */
export interface Metrics {
  change(change: Change): void
  /** All metrics as text. Leaves the event loop to others in between; who asks meanwhile gets the same. */
  text(): Promise<string>
  readonly contentType: string
  /** What is told of instances there. */
  readonly usages: Usages
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
  const registry = new Registry()
  const registers = [registry]
  const tallies = createChangeTallies(registry)
  const countTry = createProbeHistogram(registry)
  const usage = createUsageTallies({ source: options.usage, view, clock })
  addInstanceMetrics(registry, { view, output, tallies, usage })
  sampled(
    new Counter({
      name: 'ringmaster_reaped_orphans_total',
      help: 'Ended processes that were reaped though nobody here had started them.',
      registers,
    }),
    () => whole(reapedOrphans()),
  )
  sampled(
    new Gauge({
      name: 'ringmaster_cgroup_memory_bytes',
      help: 'Memory that the kernel accounts to the container, page cache included.',
      registers,
    }),
    () => whole(cgroup.memoryBytes()),
  )
  sampled(
    new Counter({
      name: 'ringmaster_cgroup_oom_kills_total',
      help: 'Processes of the container that the kernel has killed for want of memory.',
      registers,
    }),
    () => whole(cgroup.oomKills()),
  )
  new SampledHistogram(
    {
      name: 'ringmaster_loop_blocked_seconds',
      help: 'How long each turn of the event loop kept Ringmaster from what came next.',
      registers,
    },
    () => [{ labels: {}, bounds: loopTurns.bounds, counts: loopTurns.counts, sum: loopTurns.sum }],
  )
  new Gauge({
    name: 'ringmaster_build_info',
    help: 'Always 1; the labels say what runs.',
    labelNames: ['version', 'node'],
    registers,
  }).set({ version, node: process.versions.node }, 1)
  addNodeMetrics(registry)

  async function render(): Promise<string> {
    const pause = createPauses(clock)
    let text = ''
    await usage.refresh(pause)
    for (const { name } of registry.getMetricsAsArray()) {
      text += `${await registry.getSingleMetricAsString(name)}\n`
      await pause()
    }
    return text
  }

  let rendering: Promise<string> | undefined
  return {
    change(change) {
      tallies.change(change)
      countTry(change)
    },
    text() {
      rendering ??= render().finally(() => {
        rendering = undefined
      })
      return rendering
    },
    contentType: registry.contentType,
    usages: {
      async now() {
        await usage.refresh(createPauses(clock))
        const { atMonoMs, live, cpuSeconds } = usage
        return { atMonoMs, live, cpuSeconds }
      },
    },
  }
}

/** The sample of a metric of Ringmaster as a whole; none while there is nothing to tell. */
function whole(value: number | undefined): readonly Sample[] {
  return value === undefined ? [] : [{ labels: {}, value }]
}
