import assert from 'node:assert/strict'
import type { InstanceChange } from '../../../../src/core/changes.ts'
import type { Instance } from '../../../../src/core/instance-state.ts'
import type { State } from '../../../../src/core/state.ts'
import { instanceNamed, isAtRest, type Move, specOf } from '../move.ts'
import type { WorldView } from '../world.ts'

/** A run that is too old goes while the others are ready, and its end counts for nothing. */
export function checkRenewal(change: InstanceChange, move: Move, { ordered }: WorldView): void {
  if (change.cause !== 'max-age' || ordered.has(change.run)) return
  const before = instanceNamed(move.before, change.instance)
  const now = instanceNamed(move.state, change.instance)
  // Another one may have its name already.
  if (before?.isLeaving) return
  assert.ok(before && now)
  if (change.previous === 'running') checkTurn(now, move)
  else if (change.phase !== 'stopping') checkReturn(change, before, now)
}

/** What executes has an age, and goes when it is old and waits for nothing. */
export function checkAge(instance: Instance, move: Move, { deadlines }: WorldView): void {
  const { name, phase, live } = instance
  const { maxAgeMs, dependsOn } = specOf(move, name)
  const isAging = live?.executedMonoMs != null && phase !== 'stopping'
  const hasAge = live !== null && live.age !== 'unlimited'
  assert.equal(isAging && maxAgeMs !== null, hasAge, 'what executes grows older')
  assert.equal(deadlines.has(`${name}/age`), live?.age === 'young', 'until it is old')
  if (live?.age !== 'old' || phase !== 'running' || !mayRenew(move.state)) return
  // Its group ends it in its turn.
  const isHeld = move.state.groups.some(({ restarting }) => restarting.includes(name))
  const isAlone = othersOf(instance, move.state).length === 0
  const mayWait = isHeld || dependsOn.length > 0 || !isAlone || !instance.isWanted
  assert.ok(mayWait, 'what is old and waits for nothing goes')
}

function checkTurn(now: Instance, { state }: Move): void {
  const areThere = othersOf(now, state).every((other) =>
    other.phase === 'running' ? other.live?.readySinceMonoMs != null : isAtRest(other),
  )
  const isReady = now.live?.readySinceMonoMs != null
  assert.ok(!isReady || areThere, 'one that is ready goes when all others are')
  assert.ok(mayRenew(state), 'nothing is renewed that is about to be stopped')
}

function checkReturn(change: InstanceChange, before: Instance, now: Instance): void {
  const isGivenUp = now.isGivenUp || !now.isWanted
  // Its group may be given up in the same step.
  const comesBack = change.phase === 'pending'
  assert.ok(comesBack || (isGivenUp && isAtRest(change)), 'it comes back')
  assert.ok(now.failures === before.failures || now.failures === 0, 'it is no failure')
  assert.deepEqual(now.recentRestartsMonoMs, before.recentRestartsMonoMs)
}

/** The other instances of its process. */
function othersOf({ process, name }: Instance, { instances }: State): readonly Instance[] {
  return instances.filter((other) => other.process === process && other.name !== name)
}

function mayRenew({ phase, withdrawal }: State): boolean {
  return phase === 'running' && withdrawal?.for !== 'drain'
}
