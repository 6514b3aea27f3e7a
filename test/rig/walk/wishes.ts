import type { Fact, RolloutWish } from '../../../src/core/events.ts'
import type { Instance } from '../../../src/core/instance-state.ts'
import type { State } from '../../../src/core/state.ts'
import type { Plan } from '../../../src/plan/plan.ts'
import type { Draws } from './draws.ts'
import { drawNextPlan } from './plans.ts'

/** Somebody wants something of some instances. */
export function drawOrder({ below, oneOf }: Draws, state: State): Fact {
  const instances = state.instances.map(({ name }) => name).filter(() => below(2) > 0)
  const type = oneOf(['start', 'stop', 'restart', 'send'] as const)
  return type === 'send'
    ? { type, instances, signal: 10, to: 'process', by: 'walk' }
    : { type, instances, by: 'walk' }
}

/** Another plan is applied, or somebody says how instances are to be replaced. */
export function drawChangeOfSpecs(draws: Draws, state: State, plan: Plan): Fact {
  const { oneOf } = draws
  const { name: process } = oneOf(state.processes)
  const toRevision = oneOf([null, null, 1, 2])
  const wish = oneOf<RolloutWish | null>([
    ...[null, null, null, null],
    ...([{ action: 'undo', toRevision }, { action: 'restart' }] as const),
    ...([{ action: 'pause' }, { action: 'resume' }, { action: 'resume' }] as const),
  ])
  return wish
    ? { type: 'rollout', process, by: 'walk', ...wish }
    : { type: 'apply', plan: drawNextPlan(draws, plan), by: 'walk' }
}

export function drawScale({ oneOf }: Draws, state: State): Fact {
  const { name: process } = oneOf(state.processes)
  return { type: 'scale', process, replicas: oneOf([-1, 0, 1, 2, 3, 4, 1001]) }
}

/** A mistake, of an instance or of none. */
export function drawMistake(draws: Draws, state: State): Fact {
  return { type: 'broken', instance: drawInstance(draws, state)?.name ?? 'none.1' }
}

export function drawInstance({ below }: Draws, { instances }: State): Instance | undefined {
  return instances[below(instances.length)]
}
