import assert from 'node:assert/strict'
import type { Change } from '../../../../src/core/changes.ts'
import { lookUpSpecs } from '../../../../src/core/course.ts'
import type { Instance } from '../../../../src/core/instance-state.ts'
import { serves } from '../../../../src/core/on-demand.ts'
import { isReady } from '../../../../src/core/readiness.ts'
import type { Revision } from '../../../../src/core/state.ts'
import type { ProcessSpec } from '../../../../src/plan/process-spec.ts'
import { surgeOf, unavailableOf } from '../../../../src/plan/strategy.ts'
import {
  type EffectOf,
  instanceNamed,
  instanceOfRun,
  isAtRest,
  isDepartureOf,
  type Move,
} from '../move.ts'

/** Nothing is made while too many live, and no rollout ends what is ready while too few are. */
export function checkReplicas(move: Move): void {
  const { phase, processes, courses, instances } = move.state
  for (const [index, spec] of processes.entries()) {
    const { name, replicas } = spec
    const { rollout, isRemoved, revisions = [] } = courses[index] ?? {}
    const all = instances.filter(({ process }) => process === name)
    checkRoom(spec, revisions, all, move)
    if (phase !== 'running' || isRemoved) continue
    const staying = all.filter(({ isLeaving }) => !isLeaving)
    assert.ok(rollout || all.length >= replicas, `${name} has its replicas`)
    assert.ok(rollout || staying.length <= replicas, `${name} has no more than its replicas`)
    checkRetired(spec, staying, move)
  }
  for (const instance of instances.filter(({ isLeaving }) => isLeaving)) {
    const isGoing = !instance.isWanted && !isAtRest(instance)
    assert.ok(isGoing, 'who leaves stops, and is no more when it has')
  }
}

/** A run that goes on has the spec of its instance. */
export function checkAdoption({ run, spec }: EffectOf<'adopt'>, { state }: Move): void {
  const instance = instanceOfRun(state, run)
  if (instance === undefined) return
  const { replicas: _, ...wanted } = lookUpSpecs(state)(instance) ?? {}
  const { replicas: __, ...adopted } = spec
  assert.deepEqual(adopted, wanted)
}

export function checkForgotten({ instance }: EffectOf<'forget'>, { changes }: Move): void {
  assert.ok(changes.some(isDepartureOf(instance)), 'only who leaves is forgotten')
}

function checkRoom(
  spec: ProcessSpec,
  revisions: readonly Revision[],
  all: readonly Instance[],
  { before, changes }: Move,
): void {
  const { name, replicas } = spec
  if (all.every((one) => instanceNamed(before, one.name))) return
  // A rollout may have begun, made some by its own strategy, and failed.
  const hasFailed = changes.some(
    (change) => change.type === 'rollout' && change.process === name && change.state === 'failed',
  )
  const specs = hasFailed ? [spec, ...revisions.map((revision) => revision.spec)] : [spec]
  const most = Math.max(...specs.map((one) => replicas + surgeOf({ ...one, replicas })))
  assert.ok(all.length <= most, `${name} has no room for one more`)
}

function checkRetired(
  spec: ProcessSpec,
  staying: readonly Instance[],
  { before, changes, state }: Move,
): void {
  if (spec.strategy.type === 'Recreate') return
  const isRetired = (one: Instance) =>
    one.process === spec.name && isReady(one) && changes.some(isRetirementOf(one.name))
  if (!before.instances.some(isRetired)) return
  const specOf = lookUpSpecs(state)
  // Who was stopped by somebody is not waited for.
  const isThere = (one: Instance) =>
    serves(one, specOf(one) ?? spec) || one.phase === 'succeeded' || one.phase === 'stopped'
  const there = staying.filter(isThere)
  const least = spec.replicas - unavailableOf(spec)
  assert.ok(there.length >= least, `${spec.name} has enough that are ready`)
}

function isRetirementOf(instance: string): (change: Change) => boolean {
  return (change) =>
    change.type === 'instance' &&
    change.instance === instance &&
    change.previous === 'running' &&
    change.reason === 'rollout'
}
