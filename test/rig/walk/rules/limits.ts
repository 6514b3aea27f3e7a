import assert from 'node:assert/strict'
import type { InstanceChange } from '../../../../src/core/changes.ts'
import type { Instance } from '../../../../src/core/instance-state.ts'
import type { State } from '../../../../src/core/state.ts'
import { instanceNamed, type Move, specOf } from '../move.ts'
import type { WorldView } from '../world.ts'

export function checkRestartLimit(instance: Instance, { state }: Move): void {
  const limit = state.processes.find(({ name }) => name === instance.process)?.restartLimit
  if (!limit) return
  assert.ok(instance.recentRestartsMonoMs.length <= limit.count, 'restarts have a limit')
  const isInLimit = instance.failures <= limit.count
  assert.ok(instance.phase === 'failed' || isInLimit, 'also in a row')
}

export function checkRestartLimitOfGroups({ groups }: State): void {
  for (const { spec, recentRestartsMonoMs } of groups) {
    const most = spec.restartLimit?.count ?? 0
    assert.ok(recentRestartsMonoMs.length <= most, 'restarts of a group have a limit')
  }
}

/** Only who has a limit is over it, and is asked to end; that counts as a failure. */
export function checkMemoryLimit(change: InstanceChange, move: Move, { ordered }: WorldView): void {
  const { instance, cause, phase, previous } = change
  if (cause !== 'memory-limit' || ordered.has(change.run)) return
  if (phase === 'stopping' && previous !== 'stopping') {
    assert.notEqual(specOf(move, instance).memoryLimitBytes, null, 'it has a limit')
  }
  if (phase !== 'backoff' && phase !== 'pending') return
  const [before, now] = [instanceNamed(move.before, instance), instanceNamed(move.state, instance)]
  if (before?.isLeaving && !now) return
  assert.ok(before && now)
  assert.ok(now.failures === before.failures + 1 || now.failures === 1, 'it is a failure')
}
