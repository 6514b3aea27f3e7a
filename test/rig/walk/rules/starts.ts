import assert from 'node:assert/strict'
import type { Instance } from '../../../../src/core/instance-state.ts'
import type { State } from '../../../../src/core/state.ts'
import type { Dependency } from '../../../../src/plan/process-spec.ts'
import { unavailableOf } from '../../../../src/plan/strategy.ts'
import { instanceName } from '../../../../src/plan/to-instance.ts'
import { type EffectOf, isAtRest, type Move, specOf } from '../move.ts'
import type { WorldView } from '../world.ts'

/** A run begins when nothing of the one before it lives, and everything that it waits for is there. */
export function checkSpawn(
  { run, spec, number }: EffectOf<'spawn'>,
  move: Move,
  { runs, lastRun }: WorldView,
): void {
  const instance = instanceName(spec.name, number)
  const { state, event, effects } = move
  assert.ok(run > lastRun, 'the numbers of runs rise')
  for (const [key, other] of runs) {
    assert.ok(other.instance !== instance || key < 0, `${instance} has one live run at most`)
  }
  // A rollout may start what a failure ends in the same step.
  const isTakenBack = effects.some((one) => one.type === 'cancelSpawn' && one.run === run)
  const mayStart = ['running', 'draining'].includes(state.phase)
  assert.ok(mayStart || isTakenBack, 'nothing starts once things are stopped')
  checkDependencies(instance, move)
  if (specOf(move, instance).isOnDemand) {
    const isCalled = ['connected', 'start', 'restart'].includes(event.type)
    assert.ok(isCalled, 'a process is started by a connection, or by somebody')
  }
  const group = state.groups.find(({ restarting }) => restarting.includes(instance))
  assert.equal(group, undefined, 'nothing of a group starts before all of it has ended')
}

export function checkTakenBack({ run }: EffectOf<'cancelSpawn'>, { runs }: WorldView): void {
  assert.ok(runs.has(run), 'only a run that lives is taken back')
}

/** There is a run, or a reason why there is none: what is waited for is heard of. */
export function checkWait(instance: Instance, { deadlines, watched }: WorldView): void {
  const { name, phase, live, isWanted, isWaiting, awaited } = instance
  const waits = isWaiting || awaited === 'connection'
  const hasDeadline = deadlines.has(`${name}/start`)
  if (awaited === 'connection') {
    assert.ok(watched.has(instance.process), 'a connection is heard of')
  }
  assert.equal(
    live === null,
    phase === 'backoff' || isAtRest(instance) || (phase === 'pending' && (waits || hasDeadline)),
    `${name} is ${phase} with a run only where it has one`,
  )
  const isPending = isWanted && (phase === 'backoff' || phase === 'pending') && !live
  assert.ok(isPending || !isWaiting, 'only what is pending waits for others')
  assert.ok(isPending || awaited === null, 'and for connections')
  assert.equal(hasDeadline, isPending && !waits, 'a wait has a deadline')
}

/** What it depends on may be replaced in the step that starts it. */
function checkDependencies(instance: string, move: Move): void {
  for (const dependency of specOf(move, instance).dependsOn) {
    const { process, condition } = dependency
    const between = { ...move.before, processes: move.state.processes }
    const isThere = [move.before, between, move.state].some((state) => isMet(dependency, state))
    assert.ok(isThere, `${instance} starts when ${process} is ${condition}`)
  }
}

function isMet({ process, condition }: Dependency, { processes, instances }: State): boolean {
  const needed = processes.find(({ name }) => name === process)
  if (needed === undefined) return false
  const others = instances.filter((one) => one.process === process)
  const done = others.filter(({ phase }) => phase === 'succeeded')
  if (condition === 'succeeded') return done.length === others.length
  const serving = others.filter(
    (one) => one.phase === 'running' || (needed.isOnDemand && one.isWanted && !isAtRest(one)),
  )
  const least = Math.max(1, needed.replicas - unavailableOf(needed))
  return done.length + serving.length >= least
}
