import type { Change } from '../../../src/core/changes.ts'
import { lookUpSpecs } from '../../../src/core/course.ts'
import type { Effect } from '../../../src/core/effects.ts'
import type { Event } from '../../../src/core/events.ts'
import type { Instance } from '../../../src/core/instance-state.ts'
import type { State } from '../../../src/core/state.ts'
import type { Plan } from '../../../src/plan/plan.ts'
import type { ProcessSpec } from '../../../src/plan/process-spec.ts'

/** What is known of the core between two events. */
export interface Standing {
  /** The one that it began with. */
  readonly plan: Plan
  /** Before the last event. */
  readonly before: State
  readonly state: State
}

/** One event, and what the core made of it. */
export interface Move extends Standing {
  readonly event: Event
  readonly effects: readonly Effect[]
  readonly changes: readonly Change[]
}

export type EffectOf<Type extends Effect['type']> = Extract<Effect, { readonly type: Type }>

/** The spec that an instance has or, where it is gone already, had. */
export function specOf({ plan, before, state }: Standing, instance: string): ProcessSpec {
  const found = [state, before].flatMap((one) => {
    const known = instanceNamed(one, instance)
    return (known && lookUpSpecs(one)(known)) ?? []
  })
  const processes = [...found, ...[...state.processes, ...plan.processes].filter(isOf(instance))]
  if (processes[0] === undefined) throw new Error(`no spec of ${instance}`)
  return processes[0]
}

export function instanceNamed({ instances }: State, name: string): Instance | undefined {
  return instances.find((instance) => instance.name === name)
}

/** The instance whose run it is. */
export function instanceOfRun({ instances }: State, run: number): Instance | undefined {
  return instances.find(({ live }) => live?.run === run)
}

export function isDepartureOf(instance: string): (change: Change) => boolean {
  return (change) => change.type === 'departure' && change.instance === instance
}

export function isAtRest({ phase }: Pick<Instance, 'phase'>): boolean {
  return ['stopped', 'succeeded', 'failed'].includes(phase)
}

function isOf(instance: string): (spec: ProcessSpec) => boolean {
  return ({ name }) => instance.startsWith(`${name}.`)
}
