import { diffProcess } from '../plan/diff.ts'
import type { ProcessSpec } from '../plan/process-spec.ts'
import type { Instance } from './instance-state.ts'
import type { Course, Revision, State } from './state.ts'

/** The spec that an instance has; undefined where there is no such process. */
export type SpecOf = (instance: Instance) => ProcessSpec | undefined

/** For many questions. Pure. */
export function lookUpSpecs({ processes, courses }: Pick<State, 'processes' | 'courses'>): SpecOf {
  const specs = new Map(processes.map((spec) => [spec.name, spec]))
  const byName = new Map(courses.map((course) => [course.process, course]))
  return ({ process, revision }) => {
    const [spec, course] = [specs.get(process), byName.get(process)]
    // What it is to be has the replicas of now.
    if (course === undefined || course.revision === revision) return spec
    return course.revisions.find(({ number }) => number === revision)?.spec ?? spec
  }
}

/** Whether an instance is what it is to be. Pure. */
export function isNew({ revision, epoch }: Instance, course: Course): boolean {
  return revision === course.revision && epoch >= course.epoch
}

/** Whether a failure of the instance is one of its process, and not just of a rollout. Pure. */
export function isProven({ revision }: Instance, course: Course | undefined): boolean {
  return course?.revisions.find(({ number }) => number === revision)?.isGood ?? true
}

/** The revision that an undo goes back to: the one that is named, else the one that was wanted before and did well; undefined where there is none. Pure. */
export function revisionBefore(course: Course, number: number | null): Revision | undefined {
  const others = course.revisions.filter((one) => one.number !== course.revision)
  return number === null
    ? others.findLast(({ isGood }) => isGood)
    : others.find((one) => one.number === number)
}

/**
 * The course with `spec` as what is wanted: a revision that was wanted before, or a new one. Of `inUse`, numbers of revisions, none is
 * forgotten. Pure.
 */
export function withRevision(
  course: Course,
  spec: ProcessSpec,
  { changes, by, atWallMs }: Pick<Revision, 'changes' | 'by' | 'atWallMs'>,
  inUse: ReadonlySet<number>,
): Course {
  const { nextRevision, revisions } = course
  const known = revisions.find((one) => {
    return diffProcess(one.spec, { ...spec, replicas: one.spec.replicas }) === null
  })
  const number = known?.number ?? nextRevision
  const wanted = { ...{ isGood: false, ...known }, number, spec, changes, by, atWallMs }
  const kept = [...revisions.filter((one) => one !== known), wanted]
  const isNeeded = (one: Revision) => one === wanted || one.isGood || inUse.has(one.number)
  const excess = kept.length - mostRevisions
  const idle = kept.filter((one) => !isNeeded(one))
  const old = [...idle, ...kept.filter((one) => one !== wanted && !inUse.has(one.number))]
  const forgotten = new Set(old.slice(0, Math.max(0, excess)))
  return {
    ...course,
    revision: number,
    nextRevision: Math.max(nextRevision, number + 1),
    revisions: kept.filter((one) => !forgotten.has(one)),
  }
}

/** The course with a revision that does well. Pure. */
export function withGood(course: Course): Course {
  const revisions = course.revisions.map((one) =>
    one.number === course.revision ? { ...one, isGood: true } : one,
  )
  return { ...course, revisions }
}

/** Kept of each process. */
const mostRevisions = 10
