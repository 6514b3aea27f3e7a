import type { ProcessSpec } from '../plan/process-spec.ts'
import type { Draft } from './draft.ts'
import { createInstance } from './initial-state.ts'
import type { Instance } from './instance-state.ts'
import * as starts from './run-start.ts'
import * as stops from './run-stop.ts'
import type { Course } from './state.ts'
import { isGone } from './step.ts'
import { count } from './tally.ts'

/** The instances of these names are stopped for good. */
export function retire(draft: Draft, leaving: readonly Instance[], reason: string): void {
  if (leaving.length === 0) return
  const names = new Set(leaving.map(({ name }) => name))
  draft.each((instance, spec) =>
    names.has(instance.name)
      ? stops.stop({ ...instance, isLeaving: true }, spec, draft, { reason })
      : instance,
  )
  dismissGone(draft)
}

/** What leaves and has ended is no more. */
export function dismissGone(draft: Draft): void {
  const { instances } = draft.state
  if (count(instances, 'isGone') === 0) return
  const gone = new Set(instances.filter(isGone))
  draft.setInstances(
    instances.filter((one) => !gone.has(one)),
    [...gone],
    [],
  )
  for (const { name, process } of gone) {
    draft.want({ type: 'forget', instance: name })
    draft.tell({ type: 'departure', process, instance: name })
  }
}

/** Makes so many instances of a revision, each with the lowest number that is free, and starts them where the process is wanted. */
export function make(
  draft: Draft,
  spec: ProcessSpec,
  course: Pick<Course, 'isWanted' | 'revision' | 'epoch'>,
  count: number,
): void {
  const { instances } = draft.state
  const taken = new Set(
    instances.flatMap(({ process, number }) => (process === spec.name ? number : [])),
  )
  const made: Instance[] = []
  for (let number = 1; made.length < count; number += 1) {
    if (!taken.has(number)) made.push(createInstance(spec, number, course.isWanted, course))
  }
  draft.setInstances([...instances, ...made], [], made)
  draft.sortInstances()
  if (!course.isWanted) return
  const names = new Set(made.map(({ name }) => name))
  draft.each((instance, own) =>
    names.has(instance.name) ? starts.start(instance, own, draft) : instance,
  )
}
