import type { ExitStatus } from '../lib/exit-codes.ts'
import type { ProcessSpec } from '../plan/process-spec.ts'
import type { Cause, Phase, RolloutReason, SupervisorPhase, Withdrawn } from './changes.ts'
import { isNew } from './course.ts'
import { type Known, survey, waitOf } from './dependencies.ts'
import { holdOf } from './groups.ts'
import type { Instance } from './instance-state.ts'
import { describeAwaited } from './on-demand.ts'
import { problemOf } from './probing.ts'
import { isEnough, isReady } from './readiness.ts'
import type { Applied, Course, Group, Outcome, State } from './state.ts'

/** What the world may know: read by `/readyz`, `/metrics` and the control API. */
export interface View {
  readonly phase: SupervisorPhase
  /** A shutdown has outlived its budget. */
  readonly isOverdue: boolean
  /** Why Ringmaster is not ready, where somebody wants it so. */
  readonly withdrawn: Withdrawn | null
  /** Every process that counts is ready, nobody wants it otherwise, and no shutdown has begun. */
  readonly isReady: boolean
  /** Every process that counts has been ready once. */
  readonly isStarted: boolean
  readonly processes: readonly ProcessView[]
  readonly groups: readonly GroupView[]
  /** The configuration in force. */
  readonly config: Applied
}

export interface GroupView {
  readonly name: string
  readonly processes: readonly string[]
}

export interface ProcessView {
  readonly name: string
  /** How many instances there are to be; those that are being stopped for good come on top. */
  readonly replicas: number
  /** More cannot be asked for. */
  readonly mostReplicas: number
  /** Names of those that it has. */
  readonly sockets: readonly string[]
  /** Number of the revision that its instances are to have. */
  readonly revision: number
  /** null: all instances are of that revision. */
  readonly rollout: RolloutView | null
  /** Nothing is replaced until somebody resumes it. */
  readonly isPaused: boolean
  /** How the last rollout ended, and why where it failed. */
  readonly lastRollout: Outcome | null
  /** Those that are kept, by number. */
  readonly revisions: readonly RevisionView[]
  /** Ringmaster is not ready without it: essential, with instances, and not waiting for somebody to start it. */
  readonly counts: boolean
  readonly isReady: boolean
  /** It has been ready once. */
  readonly isStarted: boolean
  readonly instances: readonly InstanceView[]
}

export interface RolloutView {
  readonly reason: RolloutReason
  /** Unix time in ms. */
  readonly beganAtMs: number
  /** Instances of the new revision, and how many of them count as ready. */
  readonly updated: number
  readonly available: number
}

export interface RevisionView {
  readonly number: number
  /** When it was wanted last, as Unix time in ms, and by whom. */
  readonly atMs: number
  readonly by: string
  /** Names of fields that differ from what was wanted before. */
  readonly changes: readonly string[]
  /** A rollout of it has completed, or it needed none. */
  readonly isGood: boolean
}

export interface InstanceView {
  readonly name: string
  readonly number: number
  readonly revision: number
  /** It is stopped for good. */
  readonly isLeaving: boolean
  /** It is to run, as far as that is for somebody to say. */
  readonly isWanted: boolean
  readonly phase: Phase
  /** The number of its run, of the last one where there is none; 0: it never had one. */
  readonly run: number
  /** What its start waits for, `waiting for db: ready` or `waiting for a connection to web`, or what keeps it from being ready: `postStart: not done`, `readiness: HTTP 503 (3/3)`. */
  readonly reason: string | null
  readonly isReady: boolean
  /** It has been ready once. */
  readonly isStarted: boolean
  /** How the live run is, in its own words. */
  readonly status: string | null
  readonly pid: number | null
  readonly restarts: number
  /** Unix time in ms at which the live run was spawned. */
  readonly startedAtMs: number | null
  readonly last: { readonly cause: Cause; readonly status: ExitStatus | null } | null
}

/** Pure; the queue keeps the result of the last state. */
export function view(state: State): View {
  const known = survey(state)
  const processes = state.courses.flatMap((course, index) => {
    const spec = state.processes[index]
    return spec === undefined ? [] : processView(spec, known, state.groups, course)
  })
  const counted = processes.filter((process) => process.counts)
  return {
    phase: state.phase,
    isOverdue: state.ending?.isOverdue ?? false,
    withdrawn: withdrawnOf(state),
    isReady:
      state.phase === 'running' &&
      state.withdrawal === null &&
      counted.every((process) => process.isReady),
    isStarted: counted.every((process) => process.isStarted),
    processes,
    groups: state.groups.map(({ spec: { name, processes } }) => ({ name, processes })),
    config: state.config,
  }
}

function withdrawnOf({ withdrawal }: State): Withdrawn | null {
  return withdrawal && { for: withdrawal.for, isDrained: withdrawal.isDrained }
}

function processView(
  spec: ProcessSpec,
  known: Known,
  groups: readonly Group[],
  course: Course,
): ProcessView {
  const instances = known.instancesOf(spec.name)
  const reason = instances.some(({ isWaiting }) => isWaiting) ? waitOf(spec, known) : null
  return {
    name: spec.name,
    replicas: spec.replicas,
    mostReplicas: spec.mostReplicas,
    sockets: spec.sockets,
    ...courseView(course, instances),
    counts: spec.isEssential && spec.replicas > 0 && (spec.autoStart || instances.some(wasStarted)),
    isReady: areEnough((one) => known.serves(one) || one.phase === 'succeeded'),
    isStarted: areEnough((one) => one.wasReady),
    instances: instances.map((instance) => ({
      name: instance.name,
      number: instance.number,
      revision: instance.revision,
      isLeaving: instance.isLeaving,
      isWanted: instance.isWanted,
      phase: instance.phase,
      run: instance.live?.run ?? instance.last?.run ?? 0,
      reason: reasonOf(instance),
      isReady: isReady(instance),
      isStarted: instance.wasReady,
      status: instance.live?.said.status ?? null,
      pid: instance.live?.pid ?? null,
      restarts: instance.restarts,
      startedAtMs: instance.live?.spawnedAtWallMs ?? null,
      last: instance.last && { cause: instance.last.cause, status: instance.last.status },
    })),
  }

  function reasonOf(instance: Instance): string | null {
    if (instance.isWaiting) return holdOf(instance, groups) ?? reason
    return instance.awaited === null ? problemOf(instance, spec) : describeAwaited(spec)
  }

  function areEnough(counts: (instance: Instance) => boolean): boolean {
    return isEnough(spec, instances.filter(counts).length)
  }
}

function courseView(course: Course, instances: readonly Instance[]) {
  const { revision, rollout, isPaused, outcome } = course
  const updated = instances.filter((one) => !one.isLeaving && isNew(one, course)).length
  return {
    ...{ revision, isPaused, lastRollout: outcome },
    rollout: rollout && {
      ...{ reason: rollout.reason, beganAtMs: rollout.beganWallMs, updated },
      available: rollout.available,
    },
    revisions: course.revisions
      .map(({ number, atWallMs, by, changes, isGood }) => {
        return { number, atMs: atWallMs, by, changes, isGood }
      })
      .sort((one, other) => one.number - other.number),
  }
}

function wasStarted({ isWanted, live, last }: Instance): boolean {
  return isWanted || live !== null || last !== null
}
