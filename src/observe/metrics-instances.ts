import { Counter, Gauge, type Registry } from 'prom-client'
import type { Phase } from '../core/changes.ts'
import type { InstanceView, View } from '../core/view.ts'
import { toExitCode } from '../lib/exit-codes.ts'
import type { OutputCounts } from '../ports/output.ts'
import type { ChangeTallies } from './metrics-changes.ts'
import type { UsageTallies } from './metrics-usage.ts'
import { type Labels, sampled } from './sampled.ts'

export interface InstanceSources {
  readonly view: () => View
  readonly tallies: Pick<ChangeTallies, 'restarts' | 'backoffMs'>
  readonly usage: Pick<UsageTallies, 'live' | 'cpuSeconds'>
  /** By the name of an instance. */
  readonly output: ReadonlyMap<string, OutputCounts>
}

/** Adds the metrics `ringmaster_process_*`. An instance that is gone leaves no series behind. */
export function addInstanceMetrics(
  registry: Registry,
  { view, tallies, usage, output }: InstanceSources,
): void {
  const add = (type: 'counter' | 'gauge', what: string, help: string, read: Read) => {
    const name = `ringmaster_process_${what}`
    function* samples() {
      for (const process of view().processes) {
        for (const instance of process.instances) {
          const of = { process: process.name, replica: instance.number }
          for (const [labels, value] of read(instance)) {
            yield { labels: { ...of, ...labels }, value }
          }
        }
      }
    }
    const Metric = type === 'counter' ? Counter : Gauge
    sampled(new Metric({ name, help, registers: [registry] }), samples)
  }
  add('gauge', 'phase', '1 for the phase that the instance is in, 0 for the others.', (one) =>
    phases.map((phase) => [{ phase }, Number(phase === one.phase)]),
  )
  add('gauge', 'ready', '1 when the instance is ready, else 0.', (one) => only(Number(one.isReady)))
  add(
    'counter',
    'restarts_total',
    'Automatic restarts of the instance, by what ended the run before.',
    ({ name }) => [...(tallies.restarts.get(name) ?? [])].map(([cause, n]) => [{ cause }, n]),
  )
  add(
    'gauge',
    'last_exit_code',
    'Exit code of the last run that ended, 128 + the number when a signal ended it.',
    ({ last }) => only(last?.status ? toExitCode(last.status) : undefined),
  )
  add(
    'gauge',
    'start_time_seconds',
    'Unix time at which the live run was spawned.',
    ({ startedAtMs }) => only(startedAtMs === null ? undefined : startedAtMs / 1000),
  )
  add(
    'counter',
    'cpu_seconds_total',
    'User and system time of the instance with all its processes, over all its runs, as far as scrapes have seen it.',
    ({ name }) => only(usage.cpuSeconds.get(name)),
  )
  add(
    'gauge',
    'resident_memory_bytes',
    'Resident memory of the instance with all its processes; what they share is counted for each.',
    ({ name }) => only(usage.live.get(name)?.residentBytes),
  )
  add('gauge', 'open_fds', 'Open file descriptors of the instance with all its processes.', (one) =>
    only(usage.live.get(one.name)?.openFds),
  )
  add(
    'gauge',
    'backoff_seconds',
    'Wait before the next restart, from its begin; 0 when the instance does not wait for one.',
    ({ name }) => only((tallies.backoffMs.get(name) ?? 0) / 1000),
  )
  add(
    'counter',
    'output_bytes_total',
    'Bytes read from the instance, all its runs together.',
    ({ name }) =>
      Object.entries(output.get(name) ?? {}).map(([stream, { bytes }]) => [{ stream }, bytes]),
  )
  add(
    'counter',
    'output_lines_dropped_total',
    'Lines of the instance that could not be written anywhere.',
    ({ name }) => {
      const counts = output.get(name)
      const { stdout, stderr } = counts ?? {}
      return only(counts && (stdout?.droppedLines ?? 0) + (stderr?.droppedLines ?? 0))
    },
  )
}

/** What is told of one instance: values, each with the labels that it has besides. */
type Read = (instance: InstanceView) => Iterable<readonly [labels: Labels, value: number]>

/** Undefined: there is nothing to tell. */
function only(value: number | undefined): readonly (readonly [Labels, number])[] {
  return value === undefined ? [] : [[{}, value]]
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
