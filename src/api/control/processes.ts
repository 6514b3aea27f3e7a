import { Type } from '@sinclair/typebox'
import type { InstanceView } from '../../core/view.ts'
import { signalName } from '../../lib/signals.ts'
import { type InstanceStatus, ProcessSchema, type ProcessStatus } from '../../wire/processes.ts'
import { NamesQuery, namesIn } from './names.ts'
import { type Operation, operation } from './operation.ts'
import type { ControlSource } from './operations.ts'
import { type Selected, select } from './select.ts'

export function processOperations({ view }: ControlSource): readonly Operation[] {
  return [
    operation({
      method: 'GET',
      path: '/v1/processes',
      summary: 'How processes are, each with its instances.',
      query: NamesQuery,
      response: Type.Array(ProcessSchema),
      handle: ({ query }): ProcessStatus[] => select(view(), namesIn(query)).map(statusOf),
    }),
  ]
}

function statusOf({ process, instances }: Selected): ProcessStatus {
  return {
    ...{ name: process.name, ready: process.isReady, essential: process.counts },
    instances: instances.map(instanceStatusOf),
  }
}

/** How an instance is, as clients are told. */
export function instanceStatusOf(instance: InstanceView): InstanceStatus {
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
