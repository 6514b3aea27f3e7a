import assert from 'node:assert/strict'
import { isNew } from '../../../../src/core/course.ts'
import type { Past, State } from '../../../../src/core/state.ts'
import type { Plan } from '../../../../src/plan/plan.ts'
import type { Move } from '../move.ts'
import type { WorldView } from '../world.ts'

/** Revisions that are kept are those that there are. */
export function checkKept({ state }: Move, { kept }: WorldView): void {
  assert.deepEqual(inShort(kept), inShort(state.courses), 'what there is is kept')
}

/** A start takes its plan, and knows what was kept. */
export function checkStart(state: State, plan: Plan, past: readonly Past[]): void {
  assert.deepEqual(state.processes, plan.processes)
  for (const [index, course] of state.courses.entries()) {
    const { process, revision, revisions, nextRevision } = course
    const [spec, earlier] = [plan.processes[index], past.find((one) => one.process === process)]
    const wanted = revisions.at(-1)
    assert.equal(wanted?.number, revision, 'what is wanted was wanted last')
    assert.ok(wanted?.isGood)
    assert.deepEqual(wanted.spec, spec, 'a start takes the file')
    assert.ok(nextRevision >= (earlier?.nextRevision ?? 2), 'no number is given again')
    assert.ok(revisions.length <= 10)
    const numbers = revisions.map(({ number }) => number)
    assert.equal(new Set(numbers).size, numbers.length, 'no number is given twice')
    assert.ok(numbers.every((number) => number < nextRevision))
    for (const one of revisions.slice(0, -1)) {
      const before = earlier?.revisions.find(({ number }) => number === one.number)
      assert.deepEqual(one, before, 'what was kept is as it was')
    }
    const known = earlier?.revisions.length ?? 0
    assert.ok(revisions.length >= Math.min(known, 10), 'nothing is lost')
    const own = state.instances.filter((instance) => instance.process === process)
    assert.ok(own.every((instance) => isNew(instance, course)))
  }
}

/** In whatever order the processes are. */
function inShort(all: readonly Past[]): unknown {
  return Object.fromEntries(
    all.map(({ process, nextRevision, revisions }) => {
      return [process, [nextRevision, ...revisions.map(({ spec: _, ...one }) => one)]]
    }),
  )
}
