import assert from 'node:assert/strict'
import type { InstanceChange } from '../../../../src/core/changes.ts'
import type { Instance } from '../../../../src/core/instance-state.ts'
import { instanceNamed, isDepartureOf, type Move } from '../move.ts'
import { SIGKILL, type WorldView } from '../world.ts'

/** Each phase follows the one before it. */
export function checkPhase(change: InstanceChange, move: Move, world: WorldView): void {
  const { instance, previous } = change
  assert.equal(previous, lastPhase(instance, move, world), `the phases of ${instance} have no gap`)
}

/** What is said of an end is what was seen of it. */
export function checkCause({ cause, status, phase }: InstanceChange): void {
  if (cause === 'oom-killed') assert.equal(status?.signal, SIGKILL)
  if (cause === 'signal') assert.notEqual(status?.signal, 0)
  if (cause === 'heap-limit') assert.ok(status?.code !== 0 || status?.signal !== 0)
  if (cause === 'completed') assert.equal(status?.signal, 0)
  if (phase === 'succeeded') assert.equal(cause, 'completed')
}

export function checkTold({ name, phase }: Instance, move: Move, world: WorldView): void {
  assert.equal(lastPhase(name, move, world), phase, 'each phase is told')
}

/** What is never taken back. */
export function checkHistory(
  { name, isWanted, wasReady, live }: Instance,
  { before: stateBefore, event, changes }: Move,
): void {
  const before = instanceNamed(stateBefore, name)
  // Another one may have its name already.
  if (before === undefined || changes.some(isDepartureOf(name))) return
  const isStarted = ['start', 'restart'].includes(event.type)
  assert.ok(before.isWanted || !isWanted || isStarted, 'only a user wants it again')
  assert.ok(!before.wasReady || wasReady, 'started never goes back')
  if (before.live?.cause && live?.run === before.live.run && live.cause !== before.live.cause) {
    assert.equal(before.live.cause, 'stop-requested', 'the cause is written once')
    assert.equal(live.cause, 'grace-exceeded')
    assert.ok(live.isKilled)
  }
}

function lastPhase(instance: string, { state, before }: Move, { phases }: WorldView): string {
  const courses = [...state.courses, ...before.courses]
  const course = courses.find(({ process }) => instance.startsWith(`${process}.`))
  return phases.get(instance) ?? (course?.isWanted ? 'pending' : 'stopped')
}
