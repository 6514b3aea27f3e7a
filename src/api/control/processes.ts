import { Type } from '@sinclair/typebox'
import type { InstanceView, View } from '../../core/view.ts'
import { signalName } from '../../lib/signals.ts'
import { RequestProblem } from '../../wire/problems.ts'
import {
  type InstanceStatus,
  type ProcessDetail,
  ProcessDetailSchema,
  ProcessSchema,
  type ProcessStatus,
} from '../../wire/processes.ts'
import { NamesQuery, namesIn } from './names.ts'
import { type Operation, operation } from './operation.ts'
import type { ControlSource } from './operations.ts'
import { type Selected, select } from './select.ts'

export function processOperations(source: ControlSource): readonly Operation[] {
  const { view } = source
  return [
    operation({
      method: 'GET',
      path: '/v1/processes',
      summary: 'How processes are, each with its instances.',
      query: NamesQuery,
      response: Type.Array(ProcessSchema),
      handle: ({ query }): ProcessStatus[] =>
        select(view(), namesIn(query)).map((one) => statusOf(one, view().groups)),
    }),
    operation({
      method: 'GET',
      path: '/v1/processes/{name}',
      summary: 'What one process is, and how.',
      response: ProcessDetailSchema,
      handle: ({ params }): ProcessDetail => detailOf(source, params['name'] ?? ''),
    }),
  ]
}

function detailOf({ view, specs }: ControlSource, name: string): ProcessDetail {
  const [selected, more] = select(view(), [name])
  const spec = specs().find((one) => one.name === selected?.process.name)
  if (selected === undefined || spec === undefined || more !== undefined) {
    throw new RequestProblem('NO_SUCH_NAME', `${name} is not one process`)
  }
  const { replicas, restartPolicy, autoStart, dependsOn, sockets, probes, stopSignal } = spec
  return {
    ...statusOf(selected, view().groups),
    ...{ replicas, command: spec.template.command, restartPolicy, autoStart, dependsOn, sockets },
    neededBy: specs().flatMap((other) =>
      other.dependsOn.some(({ process }) => process === spec.name) ? other.name : [],
    ),
    probes: Object.keys(probes),
    stopSignal: signalName(stopSignal),
    terminationGracePeriodSeconds: spec.graceMs / 1000,
  }
}

function statusOf({ process, instances }: Selected, groups: View['groups']): ProcessStatus {
  return {
    ...{ name: process.name, ready: process.isReady, essential: process.counts },
    groups: groups.flatMap((group) => (group.processes.includes(process.name) ? group.name : [])),
    instances: instances.map(instanceStatusOf),
  }
}

/** How an instance is, as clients are told. */
function instanceStatusOf(instance: InstanceView): InstanceStatus {
  const { name, phase, pid, restarts, startedAtMs, last, reason, run } = instance
  return {
    ...{ name, phase, ready: instance.isReady, pid, restarts },
    startedAt: startedAtMs === null ? null : new Date(startedAtMs).toISOString(),
    cause: last?.cause ?? null,
    lastExit: last?.status ? describeExit(last.status) : null,
    ...{ reason, wanted: instance.isWanted, run },
  }
}

function describeExit({
  code,
  signal,
}: {
  readonly code: number
  readonly signal: number
}): string {
  return signal === 0 ? `code ${code}` : `signal ${signalName(signal)}`
}
