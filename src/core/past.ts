import { diffProcess } from '../plan/diff.ts'
import { withGood, withRevision } from './course.ts'
import type { Draft } from './draft.ts'
import type { Course, Past, State } from './state.ts'

/** Has revisions kept for the next start, where there are others than there were `before` and somebody keeps them. */
export function keepRevisions(draft: Draft, before: State): void {
  const { fixed, courses } = draft.state
  if (fixed.stateDir === null || courses === before.courses) return
  const known = new Set(before.courses.map(({ revisions }) => revisions))
  const isKept = courses.every(({ revisions }) => known.has(revisions))
  if (isKept && courses.length === known.size) return
  const past = courses.map(({ process, revisions, nextRevision }): Past => {
    return { process, revisions, nextRevision }
  })
  draft.want({ type: 'keepRevisions', past })
}

/**
 * The course of a process that begins, with what is known of it from earlier starts. It is started as the plan has it, whatever was wanted
 * last: that is a revision that was wanted before, or a new one. Pure.
 */
export function resume(begun: Course, past: Past | undefined): Course {
  const [started] = begun.revisions
  if (past === undefined || started === undefined) return begun
  const { revisions, nextRevision } = past
  const last = revisions.at(-1)
  const { spec } = started
  const diff = last && diffProcess(last.spec, { ...spec, replicas: last.spec.replicas })
  // The same as before: nobody has wanted anything.
  const told = last && diff === null ? last : { ...started, changes: diff?.fields ?? [] }
  return withGood(withRevision({ ...begun, revisions, nextRevision }, spec, told, new Set()))
}
