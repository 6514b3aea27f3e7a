import { Counter, Gauge, Registry } from 'prom-client'
import type { Change, Phase } from '../core/messages.ts'
import type { InstanceView, View } from '../core/view.ts'
import { toExitCode } from '../lib/exit-codes.ts'
import { addNodeMetrics } from './node-metrics.ts'

/** What Prometheus is told. */
export interface Metrics {
  change(change: Change): void
  /** All metrics as text. */
  text(): Promise<string>
  readonly contentType: string
}

export interface MetricsOptions {
  /** Read when scraped. */
  readonly view: () => View
  /** Orphans reaped since the start; read when scraped. */
  readonly reapedOrphans: () => number
  readonly version: string
}

export function createMetrics({ view, reapedOrphans, version }: MetricsOptions): Metrics {
  const registry = new Registry()
  addInstanceGauges(registry, view)
  const restarts = new Counter({
    name: 'ringmaster_process_restarts_total',
    help: 'Automatic restarts of an instance, by what ended the run before.',
    labelNames: ['process', 'replica', 'cause'],
    registers: [registry],
  })
  new Counter({
    name: 'ringmaster_reaped_orphans_total',
    help: 'Ended processes that were reaped though nobody here had started them.',
    registers: [registry],
    collect() {
      this.reset()
      this.inc(reapedOrphans())
    },
  })
  new Gauge({
    name: 'ringmaster_build_info',
    help: 'Always 1; the labels say what runs.',
    labelNames: ['version', 'node'],
    registers: [registry],
  }).set({ version, node: process.versions.node }, 1)
  addNodeMetrics(registry)
  return {
    change(change) {
      if (change.type !== 'instance' || change.cause === undefined) return
      if (change.delayMs === undefined) return
      restarts.inc({ process: change.process, replica: replicaOf(change), cause: change.cause })
    },
    text: () => registry.metrics(),
    contentType: registry.contentType,
  }
}

const phases: readonly Phase[] = [
  'pending',
  'starting',
  'running',
  'backoff',
  'stopping',
  'stopped',
  'succeeded',
  'failed',
]

type Labels = { readonly process: string; readonly replica: number }

function addInstanceGauges(registry: Registry, view: () => View): void {
  const add = (
    name: string,
    help: string,
    set: (gauge: Gauge, labels: Labels, instance: InstanceView) => void,
    ...labelNames: readonly string[]
  ) =>
    new Gauge({
      name: `ringmaster_process_${name}`,
      help,
      labelNames: ['process', 'replica', ...labelNames],
      registers: [registry],
      collect() {
        // An instance that is gone leaves no series behind.
        this.reset()
        for (const process of view().processes) {
          for (const instance of process.instances) {
            set(this, { process: process.name, replica: instance.number }, instance)
          }
        }
      },
    })

  add(
    'phase',
    '1 for the phase that the instance is in, 0 for the others.',
    (gauge, labels, instance) => {
      for (const phase of phases) gauge.set({ ...labels, phase }, Number(phase === instance.phase))
    },
    'phase',
  )
  add('ready', '1 when the instance is ready.', (gauge, labels, instance) => {
    gauge.set({ ...labels }, Number(instance.isReady))
  })
  add(
    'last_exit_code',
    'Exit code of the last run that ended, 128 + the number when a signal ended it.',
    (gauge, labels, { last }) => {
      if (last?.status) gauge.set({ ...labels }, toExitCode(last.status))
    },
  )
  add(
    'start_time_seconds',
    'Unix time at which the live run was spawned.',
    (gauge, labels, { startedAtMs }) => {
      if (startedAtMs !== null) gauge.set({ ...labels }, startedAtMs / 1000)
    },
  )
}

function replicaOf({ process, instance }: { process: string; instance: string }): number {
  return Number(instance.slice(process.length + 1))
}
