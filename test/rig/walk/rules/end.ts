import assert from 'node:assert/strict'
import type { Change } from '../../../../src/core/changes.ts'
import type { Effect } from '../../../../src/core/effects.ts'
import type { State } from '../../../../src/core/state.ts'
import type { WorldView } from '../world.ts'

/** Once Ringmaster has exited nothing is awaited, and its code is that of what began the shutdown. */
export function checkEnd(
  { ending }: State,
  { runs, deadlines, tries, hooks, watched }: WorldView,
  effects: readonly Effect[],
  changes: readonly Change[],
): void {
  // What outlives the budget may have a status that was about to be told.
  const isLeft = (key: string) => !(key.endsWith('/status') && ending?.isOverdue)
  assert.deepEqual([...deadlines.keys()].filter(isLeft), [], 'no deadline is left')
  for (const { run } of tries.values()) {
    assert.equal(runs.get(run)?.place, 'alive', 'who is gone is not tried')
  }
  assert.deepEqual([...hooks], [], 'no hook outlives its run')
  assert.deepEqual([...watched], [], 'no socket is watched for nobody')
  const began = changes.find((change) => {
    return change.type === 'supervisor' && change.phase === 'stopping'
  })
  assert.ok(began?.type === 'supervisor')
  assert.deepEqual(effects.at(-1), { type: 'exit', code: began.code })
}
