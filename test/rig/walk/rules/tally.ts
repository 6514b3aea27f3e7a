import assert from 'node:assert/strict'
import type { State } from '../../../../src/core/state.ts'
import { claimNames, count, headcount } from '../../../../src/core/tally.ts'

/** What was counted on from step to step is what is counted at once. */
export function checkTally({ instances, courses }: State): void {
  const anew = [...instances]
  for (const claim of claimNames) {
    assert.equal(count(instances, claim), count(anew, claim), `how many are ${claim}`)
  }
  for (const { process } of courses) {
    assert.deepEqual(headcount(instances, process), headcount(anew, process), `of ${process}`)
  }
}
