import type { Phase } from '../core/messages.ts'
import type { InstanceView, View } from '../core/view.ts'
import { toExitCode } from '../lib/exit-codes.ts'
import type { OutputCounts } from '../ports/output.ts'
import { type Family, line } from './exposition.ts'
import type { ChangeTallies } from './metrics-changes.ts'

export interface InstanceSources {
  readonly view: () => View
  readonly tallies: Pick<ChangeTallies, 'restarts' | 'backoffMs'>
  /** By the name of an instance. */
  readonly output: ReadonlyMap<string, OutputCounts>
}

/** The metrics `ringmaster_process_*`. An instance that is gone leaves no series behind. */
export function instanceFamilies({ view, tallies, output }: InstanceSources): readonly Family[] {
  const add = (type: 'counter' | 'gauge', what: string, help: string, read: Read): Family => {
    const name = `ringmaster_process_${what}`
    function* lines() {
      for (const process of view().processes) {
        for (const instance of process.instances) {
          const labels = `process="${process.name}",replica="${instance.number}"`
          for (const [more, value] of read(instance)) yield line(name, labels + more, value)
        }
      }
    }
    return { name, help, type, lines }
  }
  return [
    add('gauge', 'phase', '1 for the phase that the instance is in, 0 for the others.', (one) =>
      phases.map((phase) => [`,phase="${phase}"`, Number(phase === one.phase)]),
    ),
    add('gauge', 'ready', '1 when the instance is ready, else 0.', (one) =>
      only(Number(one.isReady)),
    ),
    add(
      'counter',
      'restarts_total',
      'Automatic restarts of the instance, by what ended the run before.',
      ({ name }) =>
        [...(tallies.restarts.get(name) ?? [])].map(([cause, n]) => [`,cause="${cause}"`, n]),
    ),
    add(
      'gauge',
      'last_exit_code',
      'Exit code of the last run that ended, 128 + the number when a signal ended it.',
      ({ last }) => (last?.status ? only(toExitCode(last.status)) : []),
    ),
    add(
      'gauge',
      'start_time_seconds',
      'Unix time at which the live run was spawned.',
      ({ startedAtMs }) => (startedAtMs === null ? [] : only(startedAtMs / 1000)),
    ),
    add(
      'gauge',
      'backoff_seconds',
      'Wait before the next restart, from its begin; 0 when the instance does not wait for one.',
      ({ name }) => only((tallies.backoffMs.get(name) ?? 0) / 1000),
    ),
    add(
      'counter',
      'output_bytes_total',
      'Bytes read from the instance, all its runs together.',
      ({ name }) =>
        Object.entries(output.get(name) ?? {}).map(([stream, { bytes }]) => [
          `,stream="${stream}"`,
          bytes,
        ]),
    ),
    add(
      'counter',
      'output_lines_dropped_total',
      'Lines of the instance that could not be written anywhere.',
      ({ name }) => {
        const counts = output.get(name)
        return counts === undefined
          ? []
          : only((counts.stdout?.droppedLines ?? 0) + (counts.stderr?.droppedLines ?? 0))
      },
    ),
  ]
}

/** What is told of one instance: values, each with the labels that it has besides. */
type Read = (instance: InstanceView) => Iterable<readonly [labels: string, value: number]>

function only(value: number): readonly [readonly [string, number]] {
  return [['', value]]
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
