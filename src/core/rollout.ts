import type { ProcessSpec } from '../plan/process-spec.ts'
import { surgeOf, unavailableOf } from '../plan/strategy.ts'
import type { RolloutReason, RolloutResult } from './changes.ts'
import { isNew, withGood } from './course.ts'
import type { Draft } from './draft.ts'
import type { Instance } from './instance-state.ts'
import { make, retire } from './membership.ts'
import { obstacleTo } from './obstacle.ts'
import { serves } from './on-demand.ts'
import type { Course, Rollout } from './state.ts'
import { isAtRest } from './step.ts'

/** The instances of a process are to be as its course has it from now on. `from`: what a failure goes back to. */
export function begin(
  draft: Draft,
  process: string,
  reason: RolloutReason,
  from: Rollout['from'],
): void {
  const { revision } = draft.courseOf(process)
  const { wallMs, monoMs } = draft.at
  draft.setCourse(process, {
    rollout: {
      ...{ reason, from, beganWallMs: wallMs, progressMonoMs: monoMs },
      ...{ available: 0, wakeAtMonoMs: null },
    },
  })
  draft.tell({ type: 'rollout', process, revision, state: 'started', reason })
}

/** Something else is wanted. */
export function supersede(draft: Draft, process: string): void {
  if (draft.courseOf(process).rollout) finish(draft, process, 'superseded', null)
}

/** A shutdown has begun: nothing is replaced any more. */
export function cancelRollouts(draft: Draft): void {
  for (const { process, rollout } of draft.state.courses) if (rollout) supersede(draft, process)
}

/** Takes the rollout of a process as far as it can go now. */
export function advance(draft: Draft, process: string): void {
  const failure = takeStock(draft, process)
  if (failure !== null) fail(draft, process, failure)
  if (draft.courseOf(process).rollout === null) {
    const stock = stockOf(draft, process)
    retire(draft, leastOf(stock.staying, stock), 'rollout')
    return
  }
  if (draft.courseOf(process).isPaused) hold(draft, process)
  else replace(draft, process)
  if (isDone(draft, process)) {
    const { rollout } = draft.courseOf(process)
    draft.setCourse(process, withGood(draft.courseOf(process)))
    finish(draft, process, rollout?.reason === 'return' ? 'returned' : 'completed', null)
  } else wakeForNext(draft, process)
}

/** Whether an instance counts as one that is there, in a rollout at `monoMs`: from that time on, else `Infinity`. Pure. */
function availableFrom(instance: Instance, spec: ProcessSpec): number {
  const { phase, live, isWanted } = instance
  const isStopped = !isWanted && isAtRest(instance) && phase !== 'failed'
  if (phase === 'succeeded' || isStopped || instance.awaited) return Number.NEGATIVE_INFINITY
  if (phase !== 'running' || live === null || live.readySinceMonoMs === null) return Infinity
  const least = spec.probes.readiness ? 0 : leastUpMs
  return live.readySinceMonoMs + Math.max(spec.minReadyMs, least)
}

/** Without a readiness probe, being up for so long means to be ready. */
const leastUpMs = 1000
/** An instance that has failed so often in a row does not get well. */
const mostFailures = 3

interface Stock {
  readonly course: Course
  readonly spec: ProcessSpec
  /** All, those that leave among them. */
  readonly count: number
  readonly staying: readonly Instance[]
  readonly fresh: readonly Instance[]
  readonly old: readonly Instance[]
  /** Of the fresh ones. */
  readonly available: number
  /** By the spec that it has. */
  readonly isServing: (instance: Instance) => boolean
}

function stockOf(draft: Draft, process: string): Stock {
  const course = draft.courseOf(process)
  const { spec, all, staying } = draft.membersOf(process)
  const fresh = staying.filter((one) => isNew(one, course))
  const available = fresh.filter((one) => availableFrom(one, spec) <= draft.at.monoMs).length
  const old = staying.filter((one) => !isNew(one, course))
  const isServing = (one: Instance) => serves(one, draft.specOf(one))
  return { course, spec, count: all.length, staying, fresh, old, available, isServing }
}

/** Notes how far it has come; why it has failed, null: it has not. */
function takeStock(draft: Draft, process: string): string | null {
  const { course, spec, fresh, available } = stockOf(draft, process)
  const { rollout } = course
  if (rollout === null) return null
  const { monoMs } = draft.at
  const isOn = available !== rollout.available
  const progressMonoMs = isOn ? monoMs : rollout.progressMonoMs
  if (isOn) draft.setCourse(process, { rollout: { ...rollout, available, progressMonoMs } })
  if (course.isPaused || rollout.reason === 'return') return null
  const failed = fresh.find(({ phase }) => phase === 'failed')
  if (failed) return `${failed.name} failed`
  const failing = fresh.find(({ failures }) => failures >= mostFailures)
  if (failing) return `${failing.name} ended ${mostFailures} times`
  const isAwaited = available < fresh.length
  return isAwaited && monoMs >= progressMonoMs + spec.progressDeadlineMs
    ? `no new instance became ready for ${spec.progressDeadlineMs / 1000} s`
    : null
}

/** Back to what it was before, where that did well. */
function fail(draft: Draft, process: string, reason: string): void {
  const { rollout, revision, revisions } = draft.courseOf(process)
  finish(draft, process, 'failed', reason)
  const from = rollout?.from
  const before = revisions.find(({ number }) => number === from?.revision)
  if (!from || !before) return
  const { spec } = draft.membersOf(process)
  draft.setCourse(process, from)
  // What runs is the same: one more that fails is for its restart policy.
  if (from.revision === revision) return
  const replicas = Math.min(spec.replicas, before.spec.mostReplicas)
  // Others may have changed with it, and stay as they are.
  const { dependsOn } = obstacleTo(draft.state, before.spec) === null ? before.spec : spec
  draft.setSpec({ ...before.spec, dependsOn, replicas })
  begin(draft, process, 'return', null)
}

function finish(draft: Draft, process: string, result: RolloutResult, why: string | null): void {
  const { revision, rollout, outcome } = draft.courseOf(process)
  if (rollout === null) return
  if (rollout.wakeAtMonoMs !== null) {
    draft.want({ type: 'wake', key: `${process}/rollout`, atMonoMs: null })
  }
  const reason = why ?? (result === 'returned' ? (outcome?.reason ?? null) : null)
  draft.setCourse(process, { rollout: null, outcome: { revision, result, reason } })
  draft.tell({ type: 'rollout', process, revision, state: result, reason: reason ?? '' })
}

/** What is missing or too much while it is paused is of the old kind where there is one. */
function hold(draft: Draft, process: string): void {
  const { course, spec, staying, count } = stockOf(draft, process)
  const most = spec.replicas + (course.rollout ? surgeOf(spec) : 0)
  if (staying.length > most) retire(draft, staying.slice(most), 'scale')
  else if (count < spec.replicas) {
    make(draft, spec, { ...course, ...course.rollout?.from }, spec.replicas - count)
  }
}

/** Makes new instances while there is room for them, and has old ones go while enough others are there. */
function replace(draft: Draft, process: string): void {
  for (let isOn = true; isOn; ) {
    const stock = stockOf(draft, process)
    const { course, spec } = stock
    const room = roomFor(stock)
    if (room > 0) {
      make(draft, spec, course, room)
      const { rollout } = draft.courseOf(process)
      const progressMonoMs = draft.at.monoMs
      if (rollout) draft.setCourse(process, { rollout: { ...rollout, progressMonoMs } })
    }
    const leaving = room > 0 ? [] : excessOf(stock)
    retire(draft, leaving, 'rollout')
    isOn = room > 0 || leaving.length > 0
  }
}

/** How many new ones may be made now. */
function roomFor({ spec, count, fresh }: Stock): number {
  const isHeld = spec.strategy.type === 'Recreate' && count > fresh.length
  const most = spec.replicas + surgeOf(spec) - count
  return isHeld ? 0 : Math.max(0, Math.min(most, spec.replicas - fresh.length))
}

/** Those that are to go now: first of the old ones those that do nothing, then as many as can be spared, from the lowest number on. */
function excessOf(stock: Stock): readonly Instance[] {
  const { course, spec, staying, fresh, old, available, isServing } = stock
  if (fresh.length > spec.replicas) return leastOf(fresh, stock)
  if (spec.strategy.type === 'Recreate') return old
  const isThere = (one: Instance) => isServing(one) || one.phase === 'succeeded'
  const least = spec.replicas - unavailableOf(spec)
  // What a failed rollout has left is of no use where there are enough of the others.
  const isUseless = course.rollout?.reason === 'return' && fresh.length === spec.replicas
  const most = isUseless ? old.length : staying.length - least - (fresh.length - available)
  const idle = old.filter((one) => !isThere(one)).slice(0, Math.max(0, most))
  const there = old.filter(isThere)
  const spare = Math.min(most - idle.length, there.length + available - least)
  return [...idle, ...there.slice(0, Math.max(0, spare))]
}

/** Of what is too much those that are not ready, then the highest. */
function leastOf(instances: readonly Instance[], { spec, isServing }: Stock): readonly Instance[] {
  const ready = instances.filter(isServing)
  const rest = instances.filter((one) => !isServing(one))
  return [...ready, ...rest].slice(spec.replicas)
}

function isDone(draft: Draft, process: string): boolean {
  const { course, spec, fresh, old, available } = stockOf(draft, process)
  if (course.rollout === null || course.isPaused || old.length > 0) return false
  return fresh.length === spec.replicas && available === fresh.length
}

/** Sets the time at which something may have come about by waiting alone. */
function wakeForNext(draft: Draft, process: string): void {
  const { course, spec, fresh, available } = stockOf(draft, process)
  const { rollout, isPaused } = course
  if (rollout === null) return
  const { monoMs } = draft.at
  const isWatched = !isPaused && rollout.reason !== 'return' && available < fresh.length
  const times = [
    ...fresh.map((one) => availableFrom(one, spec)).filter((at) => at > monoMs && at < Infinity),
    ...(isWatched ? [rollout.progressMonoMs + spec.progressDeadlineMs] : []),
  ]
  const atMonoMs = times.length === 0 ? null : Math.min(...times)
  if (atMonoMs === rollout.wakeAtMonoMs) return
  draft.setCourse(process, { rollout: { ...rollout, wakeAtMonoMs: atMonoMs } })
  draft.want({ type: 'wake', key: `${process}/rollout`, atMonoMs })
}
