import assert from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
import type { EffectOf, Move } from '../move.ts'
import type { WorldView } from '../world.ts'

/** Ringmaster moves where a plan wants it elsewhere, and where files that the plan does not hold may say something new. */
export function checkMoving(
  { http, control }: EffectOf<'move'>,
  { before, event }: Move,
  { addresses }: WorldView,
): void {
  const isOther = !isDeepStrictEqual({ http, control }, addresses)
  assert.ok(isOther || control?.http, 'who stays does not move')
  assert.ok(['apply', 'configRead'].includes(event.type), 'only another plan moves it')
  assert.equal(before.phase, 'running', 'nothing moves in a shutdown')
}

export function checkAddresses({ state }: Move, { addresses }: WorldView): void {
  assert.deepEqual(addresses, state.addresses, 'it is to be reached where it can be')
}
