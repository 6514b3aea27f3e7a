import { Type } from '@sinclair/typebox'
import type { Incident } from '../../ports/incidents.ts'
import { IncidentSchema, type IncidentStatus } from '../../wire/history.ts'
import { NamesQuery, namesIn } from './names.ts'
import { type Operation, operation } from './operation.ts'
import type { ControlSource } from './operations.ts'
import { select } from './select.ts'

export function incidentOperations({ view, incidents }: ControlSource): readonly Operation[] {
  return [
    operation({
      method: 'GET',
      path: '/v1/incidents',
      summary:
        'How runs ended that nobody had asked to end, oldest first: ten of a process at most.',
      query: NamesQuery,
      response: Type.Array(IncidentSchema),
      handle: ({ query }): IncidentStatus[] =>
        select(view(), namesIn(query)).flatMap((selected) => {
          const meant = new Set(selected.instances.map(({ name }) => name))
          const isWhole = meant.size === selected.process.instances.length
          return incidents
            .of(selected.process.name)
            .filter(({ instance }) => isWhole || meant.has(instance))
            .map(incidentStatusOf)
        }),
    }),
  ]
}

/** An incident, as clients are told. */
function incidentStatusOf(incident: Incident): IncidentStatus {
  const { startedAtMs, endedAtMs, probes, ...same } = incident
  return {
    ...same,
    startedAt: startedAtMs === null ? null : new Date(startedAtMs).toISOString(),
    endedAt: new Date(endedAtMs).toISOString(),
    probes: probes.map(({ probe, atMs, isOk, detail }) => ({
      ...{ probe, at: new Date(atMs).toISOString(), ok: isOk, detail },
    })),
  }
}
