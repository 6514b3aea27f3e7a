import type { Fact } from '../../core/events.ts'
import type { View } from '../../core/view.ts'
import type { PlanDiff } from '../../plan/diff.ts'
import type { Origin, Plan } from '../../plan/plan.ts'
import type { ProcessSpec } from '../../plan/process-spec.ts'
import type { Clock } from '../../ports/clock.ts'
import type { ConfigSource } from '../../ports/config-source.ts'
import type { History } from '../../ports/history.ts'
import type { Incidents } from '../../ports/incidents.ts'
import type { Lines } from '../../ports/lines.ts'
import type { Usages } from '../../ports/usage.ts'
import { commandOperations } from './commands.ts'
import { configOperations } from './config.ts'
import { eventOperations } from './events.ts'
import { incidentOperations } from './incidents.ts'
import { logOperations } from './logs.ts'
import type { Operation } from './operation.ts'
import { processOperations } from './processes.ts'
import { rolloutOperations } from './rollouts.ts'
import { socketOperations } from './sockets.ts'
import { supervisorOperations } from './supervisor.ts'
import type { Waiters } from './until.ts'
import { usageOperations } from './usage.ts'
import { waitOperations } from './wait.ts'

/** What the resources are made from. */
export interface ControlSource {
  readonly version: string
  /** What is known now. */
  readonly view: () => View
  readonly post: (fact: Fact) => void
  readonly clock: Clock
  readonly history: History
  readonly incidents: Incidents
  readonly lines: Lines
  readonly usages: Usages
  /** What processes are now. */
  readonly specs: () => readonly ProcessSpec[]
  /** What is made of files, or (null) of those of the start. */
  readonly readConfig: ConfigSource['read']
  /** What was read, without secrets; null: there are no files. */
  readonly showConfig: (origin: Origin) => unknown
  /** What a plan would change. */
  readonly preview: (plan: Plan) => PlanDiff
  /** Why a plan cannot be applied now; null: it can. */
  readonly whyNotApply: (plan: Plan) => string | null
  /** Why a process cannot go back to a revision (null: the last good one); null: it can. */
  readonly obstacleToUndo: (process: string, toRevision: number | null) => string | null
  readonly waiters: Waiters
  /** Those that listen for processes. */
  readonly sockets: readonly { readonly name: string; readonly address: string }[]
}

/** All that clients can ask for; one file each resource. */
export function operationsOf(source: ControlSource): readonly Operation[] {
  return [
    ...supervisorOperations(source),
    ...processOperations(source),
    ...usageOperations(source),
    ...socketOperations(source),
    ...commandOperations(source),
    ...waitOperations(source),
    ...eventOperations(source),
    ...incidentOperations(source),
    ...logOperations(source),
    ...configOperations(source),
    ...rolloutOperations(source),
  ]
}
