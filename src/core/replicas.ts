import type { Draft } from './draft.ts'
import { dismissGone, make, retire } from './membership.ts'
import { advance } from './rollout.ts'
import type { Course, State } from './state.ts'
import { heldByOthers } from './stop-order.ts'
import { headcount } from './tally.ts'

/** There are to be so many instances of `process`; what cannot be is not asked for. */
export function scale(draft: Draft, process: string, replicas: number, by?: string): void {
  const { phase, processes } = draft.state
  const spec = processes.find(({ name }) => name === process)
  if (phase !== 'running' || spec === undefined || spec.replicas === replicas) return
  if (!Number.isInteger(replicas) || replicas < 0 || replicas > spec.mostReplicas) return
  const { replicas: previous } = spec
  draft.setSpec({ ...spec, replicas })
  draft.tell({ type: 'scale', process, replicas, previous, ...(by !== undefined && { by }) })
}

/** Makes instances that are missing, has those go that are too many, and takes rollouts a step on. */
export function keepUp(draft: Draft): void {
  dismissGone(draft)
  if (draft.state.phase !== 'running') return
  // What one process does may be what another one has waited for.
  for (let before: State | null = null; before !== draft.state; ) {
    before = draft.state
    noteWanted(draft)
    for (const course of unsettled(draft.state)) {
      if (course.isRemoved) remove(draft, course)
      else if (course.rollout) advance(draft, course.process)
      else match(draft, course.process)
    }
  }
}

/** Those that something may have to be done for: after each event, of which there may be many, as there may be processes. */
function unsettled({ processes, courses, instances }: State): readonly Course[] {
  return courses.filter(({ process, isRemoved, rollout }, index) => {
    const isRight = headcount(instances, process).all === processes[index]?.replicas
    return isRemoved || rollout !== null || !isRight
  })
}

/** Who started or stopped the instances has said what is wanted of those that follow. */
function noteWanted(draft: Draft): void {
  const { courses, instances } = draft.state
  for (const { process, isWanted } of courses) {
    const { wanted, unwanted } = headcount(instances, process)
    const now = wanted > 0 || (unwanted === 0 && isWanted)
    if (now !== isWanted) draft.setCourse(process, { isWanted: now })
  }
}

/** What leaves keeps its place until it has ended: it may still have a port. */
function match(draft: Draft, name: string): void {
  const { spec, all, staying } = draft.membersOf(name)
  if (staying.length > spec.replicas) retire(draft, staying.slice(spec.replicas), 'scale')
  else if (all.length < spec.replicas) {
    make(draft, spec, draft.courseOf(name), spec.replicas - all.length)
  }
}

/** A process that nobody wants any more goes when nothing lives that depends on it. */
function remove(draft: Draft, { process }: Course): void {
  if (!heldByOthers(draft.state, draft.at.monoMs).has(process)) {
    retire(draft, draft.membersOf(process).staying, 'removed')
  }
  if (draft.membersOf(process).all.length > 0) return
  const { processes, courses } = draft.state
  draft.state = {
    ...draft.state,
    processes: processes.filter(({ name }) => name !== process),
    courses: courses.filter((course) => course.process !== process),
  }
}
