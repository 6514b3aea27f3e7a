import type { ProcessSpec } from '../plan/process-spec.ts'
import { revisionBefore } from './course.ts'
import type { State } from './state.ts'

/** Why `process` cannot go back to a revision (null: the last good one) beside what the others are now; null: it can. Pure. */
export function obstacleToUndo(
  state: State,
  process: string,
  toRevision: number | null,
): string | null {
  const course = state.courses.find((one) => one.process === process)
  const revision = course && revisionBefore(course, toRevision)
  return revision === undefined ? null : obstacleTo(state, revision.spec)
}

/** Why a process cannot be as `spec` has it beside what the others are now: its dependencies were good when it was wanted. Pure. */
export function obstacleTo({ processes, courses }: State, spec: ProcessSpec): string | null {
  const removed = new Set(courses.flatMap((one) => (one.isRemoved ? one.process : [])))
  const needsOf = new Map(processes.map(({ name, dependsOn }) => [name, dependsOn]))
  for (const { process } of spec.dependsOn) {
    if (!needsOf.has(process) || removed.has(process))
      return `it depends on ${process}, which is no more`
    const reached = new Set([process])
    for (const name of reached) {
      for (const needed of needsOf.get(name) ?? []) reached.add(needed.process)
    }
    if (reached.has(spec.name)) return `it depends on ${process}, which depends on ${spec.name} now`
  }
  return null
}
