import { diffPlans, isEmpty, needsNewRuns, type PlanDiff } from '../plan/diff.ts'
import { startedAtOnce } from '../plan/order.ts'
import type { GroupSpec, Plan } from '../plan/plan.ts'
import type { ProcessSpec } from '../plan/process-spec.ts'
import { adopt } from './adopt.ts'
import type { RolloutReason } from './changes.ts'
import { isNew, revisionBefore, withGood, withRevision } from './course.ts'
import type { Draft } from './draft.ts'
import type { Fact } from './events.ts'
import { createCourse } from './initial-state.ts'
import { obstacleTo } from './obstacle.ts'
import { begin, supersede } from './rollout.ts'
import type { Course, Group, Rollout, State } from './state.ts'

/** What `plan` would change. Pure. */
export function preview(
  { processes, courses, groups, addresses, ...state }: State,
  plan: Plan,
): PlanDiff {
  const staying = new Set(courses.filter((one) => !one.isRemoved).map(({ process }) => process))
  const running = {
    ...{ ...state, ...addresses },
    processes: processes.filter(({ name }) => staying.has(name)),
    groups: groups.map(({ spec }) => spec),
  }
  return diffPlans(running, plan)
}

/** What runs is to be as `plan` has it: only what differs changes. */
export function apply(draft: Draft, plan: Plan, by: string): void {
  const problem = whyNotApply(draft.state, plan)
  const diff = problem === null ? preview(draft.state, plan) : null
  const { files } = plan.origin
  const previous = draft.state.config.origin.files
  draft.tell({ type: 'config', problem, diff, by, files, previous })
  if (diff === null) return
  const { processes, courses, groups } = draft.state
  const names = new Set(plan.processes.map(({ name }) => name))
  const known = new Set(processes.map(({ name }) => name))
  const started = startedAtOnce(plan.processes)
  const added = plan.processes.filter(({ name }) => !known.has(name))
  const made = { atWallMs: draft.at.wallMs, by }
  const all = [
    ...courses.map((course) => ({ ...course, isRemoved: !names.has(course.process) })),
    ...added.map((spec) => createCourse(spec, started.has(spec.name), made)),
  ]
  const specs = [...processes, ...added]
  const inOrder = [...names, ...processes.flatMap(({ name }) => (names.has(name) ? [] : [name]))]
  draft.state = {
    ...draft.state,
    ...{ shutdown: plan.shutdown, signals: plan.signals },
    config: { origin: plan.origin, atWallMs: draft.at.wallMs, by },
    addresses: { http: plan.http, control: plan.control },
    groups: plan.groups.map((spec) => regroup(groups, spec)),
    processes: inOrder.flatMap((name) => specs.find((one) => one.name === name) ?? []),
    courses: inOrder.flatMap((name) => all.find(({ process }) => process === name) ?? []),
  }
  draft.sortInstances()
  move(draft, diff)
  if (isEmpty(diff)) return
  for (const { process, kind, fields, replicas } of diff.processes) {
    const spec = plan.processes.find(({ name }) => name === process)
    if (kind === 'removed') supersede(draft, process)
    if (spec === undefined) continue
    if (kind === 'added') begin(draft, process, 'apply', null)
    else if (kind === 'scale') draft.setSpec(spec)
    else aim(draft, spec, { changes: fields, by }, 'apply')
    if (replicas) {
      draft.tell({ type: 'scale', process, replicas: replicas.to, previous: replicas.from })
    }
  }
  refresh(draft, plan.processes)
}

/** Something is wanted about how the instances of a process are replaced; what cannot be is not asked for. */
export function direct(draft: Draft, wish: Extract<Fact, { readonly type: 'rollout' }>): void {
  const { process, by } = wish
  const course = draft.state.courses.find((one) => one.process === process)
  if (draft.state.phase !== 'running' || !course || course.isRemoved) return
  switch (wish.action) {
    case 'undo':
      undo(draft, course, wish.toRevision, by)
      break
    case 'restart':
      supersede(draft, process)
      draft.setCourse(process, { epoch: 1 + epochOf(draft.state, process) })
      begin(draft, process, 'restart', sourceOf(course))
      break
    case 'pause':
    case 'resume': {
      const isPaused = wish.action === 'pause'
      if (course.isPaused === isPaused) break
      const { revision, rollout } = course
      const progressMonoMs = draft.at.monoMs
      draft.setCourse(process, { isPaused, rollout: rollout && { ...rollout, progressMonoMs } })
      const state = isPaused ? 'paused' : 'resumed'
      draft.tell({ type: 'rollout', process, revision, state, reason: by })
    }
  }
}

function undo(draft: Draft, course: Course, toRevision: number | null, by: string): void {
  const revision = revisionBefore(course, toRevision)
  if (revision === undefined || obstacleTo(draft.state, revision.spec) !== null) return
  const { replicas } = draft.membersOf(course.process).spec
  const spec = { ...revision.spec, replicas: Math.min(replicas, revision.spec.mostReplicas) }
  aim(draft, spec, { changes: revision.changes, by }, 'undo')
}

/** The files that are named for clients over TCP are not in the plan, and may say something new. */
function move(draft: Draft, { settings }: PlanDiff): void {
  const { addresses } = draft.state
  const isOther = settings.includes('http') || settings.includes('control')
  if (isOther || addresses.control?.http) draft.want({ type: 'move', ...addresses })
}

/** The instances of a process are to have this spec: at once where their runs can, else one after the other. */
function aim(
  draft: Draft,
  spec: ProcessSpec,
  told: { readonly changes: readonly string[]; readonly by: string },
  reason: RolloutReason,
): void {
  const { name } = spec
  const course = draft.courseOf(name)
  const { spec: before } = draft.membersOf(name)
  const inUse = draft.state.instances.flatMap((one) => (one.process === name ? one.revision : []))
  const revision = { ...told, atWallMs: draft.at.wallMs }
  const source = sourceOf(course)
  const needed = [...inUse, ...(source === null ? [] : [source.revision])]
  const next = withRevision(course, spec, revision, new Set(needed))
  if (needsNewRuns(before, spec)) {
    supersede(draft, name)
    draft.setSpec(spec)
    draft.setCourse(name, { ...next, rollout: null, outcome: draft.courseOf(name).outcome })
    begin(draft, name, reason, source)
    return
  }
  const isGood = course.rollout === null
  draft.setSpec(spec)
  draft.setCourse(name, isGood ? withGood(next) : next)
  draft.each((instance) =>
    instance.process === name && isNew(instance, course)
      ? adopt({ ...instance, revision: next.revision }, before, spec, draft)
      : instance,
  )
}

/** What a rollout that begins now goes back to when it fails. */
function sourceOf({ revision, epoch, revisions, rollout }: Course): Rollout['from'] {
  if (rollout && rollout.reason !== 'return') return rollout.from
  const now = revisions.find(({ number }) => number === revision)
  return now?.isGood || rollout ? { revision, epoch } : null
}

/** No instance has a higher one. */
function epochOf({ instances, courses }: State, process: string): number {
  const own = courses.find((course) => course.process === process)?.epoch ?? 0
  return Math.max(own, ...instances.map((one) => (one.process === process ? one.epoch : 0)))
}

/** What is no reason for new runs, such as a sibling that came, is there for those that come anyway. */
function refresh(draft: Draft, specs: readonly ProcessSpec[]): void {
  for (const spec of specs) draft.setSpec(spec)
}

function regroup(groups: readonly Group[], spec: GroupSpec): Group {
  const before = groups.find((group) => group.spec.name === spec.name)
  if (before === undefined) {
    return { spec, recentRestartsMonoMs: [], restarting: [], isFailed: false }
  }
  const isMember = (instance: string) =>
    spec.processes.some((process) => instance.startsWith(`${process}.`))
  return { ...before, spec, restarting: before.restarting.filter(isMember) }
}

/** Why `plan` cannot be applied now; null: it can. Pure. */
export function whyNotApply({ phase, fixed }: State, plan: Plan): string | null {
  if (phase !== 'running') return 'ringmaster shuts down'
  const open = new Set(fixed.sockets.map(({ name }) => name))
  for (const { name, template } of plan.processes) {
    const socket = template.sockets.find((one) => !open.has(one))
    if (socket === undefined) continue
    return `processes.${name}.sockets: ${socket} is opened by a restart of the container only`
  }
  return null
}
