import type { Fact } from '../../core/messages.ts'
import type { View } from '../../core/view.ts'
import type { Operation } from './operation.ts'
import { processOperations } from './processes.ts'
import { supervisorOperations } from './supervisor.ts'

/** What the resources are made from. */
export interface ControlSource {
  readonly version: string
  /** What is known now. */
  readonly view: () => View
  readonly post: (fact: Fact) => void
}

/** All that clients can ask for; one file each resource. */
export function operationsOf(source: ControlSource): readonly Operation[] {
  return [...supervisorOperations(source), ...processOperations(source)]
}
