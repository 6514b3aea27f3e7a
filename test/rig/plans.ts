import type { Config, ProcessConfig } from '../../src/config/schema.ts'
import type { InstanceSpec } from '../../src/plan/instance-spec.ts'
import type { Plan } from '../../src/plan/plan.ts'
import { type Situation, toPlan } from '../../src/plan/to-plan.ts'
import { firstOf } from './specs.ts'

const plain: Situation = { isKubernetes: false, envFile: {} }

/** What a config comes to where nothing of the surroundings counts, but what is given. */
export function planFrom(config: Config, situation: Partial<Situation> = {}): Plan {
  return toPlan(config, { ...plain, ...situation })
}

/** The first instance of a process with these fields. */
export function instanceFrom(fields: Partial<ProcessConfig>): InstanceSpec {
  return firstOf(planFrom({ processes: { web: { command: ['a'], ...fields } } }).processes[0])
}
