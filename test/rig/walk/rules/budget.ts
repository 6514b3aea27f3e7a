import assert from 'node:assert/strict'
import type { DeadlineKey } from '../../../../src/core/events.ts'
import { usableMs } from '../../../../src/plan/shutdown.ts'
import type { EffectOf, Move } from '../move.ts'
import type { WorldView } from '../world.ts'

export function checkDeadline({ atMonoMs }: EffectOf<'wake'>, { event }: Move): void {
  assert.ok(atMonoMs === null || atMonoMs >= event.at.monoMs, 'a deadline lies ahead')
}

/** In a shutdown every step has a share of what is left. */
export function checkBudget({ event, effects, state }: Move, { deadlines }: WorldView): void {
  const { ending, shutdown } = state
  if (ending === null) return
  const endMonoMs = Math.max(ending.beganMonoMs + usableMs(shutdown), event.at.monoMs + 1)
  for (const effect of effects) {
    if (effect.type !== 'wake' || !isOfBudget(effect.key)) continue
    // Of several in one step the last one counts.
    const atMonoMs = deadlines.get(effect.key)
    if (atMonoMs === undefined) continue
    assert.ok(atMonoMs <= endMonoMs, `${effect.key} is within the budget`)
  }
}

/** Who does not end after SIGKILL is waited for until the end of the budget at most, which is a deadline of its own. */
function isOfBudget(key: DeadlineKey): boolean {
  return !['budget', 'turn'].includes(key) && !/\/(start|age|notify|status|rollout)$/.test(key)
}
