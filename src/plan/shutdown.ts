import { inStartOrder } from './order.ts'
import type { ShutdownSpec } from './plan.ts'
import type { ProcessSpec } from './process-spec.ts'

/** The last step of a shutdown, own time in ms: from SIGTERM to SIGKILL for what belongs to no run. */
export const sweepMs = 1000

/** The time between the beginning of a shutdown and its last SIGKILL, in ms: the budget but for a reserve of a tenth, at most 1 s. */
export function usableMs({ graceMs }: ShutdownSpec): number {
  return lessReserve(graceMs)
}

/** What a preStop hook may take of a grace, in ms: the rest is for the time from the stop signal to SIGKILL. */
export function preStopMs(graceMs: number): number {
  return lessReserve(graceMs)
}

/**
 * What a step of a shutdown gets of its own time, in ms: all of it when `chainMs`, the longest sum of times still to come with
 * its own, fits into the `leftMs` of the budget, else its share. Never 0 for a step that has a time of its own. Pure.
 */
export function stepMs(ownMs: number, leftMs: number, chainMs: number): number {
  return chainMs <= 0 ? ownMs : ownMs * Math.min(1, Math.max(leftMs, 1) / chainMs)
}

/** A process as a shutdown sees it. One without instances takes no time. */
export type Stopping = Pick<ProcessSpec, 'name' | 'graceMs' | 'dependsOn' | 'replicas'>

/** How long the stop of a process takes at worst, or what is still to come of it, in ms. */
export type OwnMs = (process: Stopping) => number

/** The grace of a process that has instances, in ms. */
export const graceOf: OwnMs = ({ replicas, graceMs }) => (replicas > 0 ? graceMs : 0)

/**
 * By process the longest sum of times that come after its own, in ms: those of what it depends on, directly or not, which is
 * stopped after it, and of the sweep. Pure.
 */
export function afterMs(
  processes: readonly Stopping[],
  ownMs: OwnMs = graceOf,
): ReadonlyMap<string, number> {
  const own = new Map(processes.map((process) => [process.name, ownMs(process)]))
  const after = new Map<string, number>()
  for (const { name, dependsOn } of inStartOrder(processes)) {
    const next = dependsOn.map(({ process }) => (own.get(process) ?? 0) + (after.get(process) ?? 0))
    after.set(name, Math.max(sweepMs, ...next))
  }
  return after
}

/** By process the longest sum of times that come before its own, in ms: those of what depends on it, directly or not. Pure. */
export function beforeMs(
  processes: readonly Stopping[],
  ownMs: OwnMs = graceOf,
): ReadonlyMap<string, number> {
  const before = new Map<string, number>()
  for (const process of inStartOrder(processes).toReversed()) {
    const beginMs = before.get(process.name) ?? 0
    before.set(process.name, beginMs)
    for (const { process: needed } of process.dependsOn) {
      before.set(needed, Math.max(before.get(needed) ?? 0, beginMs + ownMs(process)))
    }
  }
  return before
}

/** The longest sum of times that follows a drain, in ms. Pure. */
export function chainMs(processes: readonly Stopping[], ownMs: OwnMs = graceOf): number {
  const after = afterMs(processes, ownMs)
  return Math.max(sweepMs, ...processes.map((one) => ownMs(one) + (after.get(one.name) ?? 0)))
}

/** One line of what a shutdown does; all times in ms, at worst. */
export interface TimelineStep {
  readonly step: 'drain' | 'stop' | 'sweep'
  /** Of the process that is stopped. */
  readonly process: string | null
  /** From the beginning of the shutdown. */
  readonly beginMs: number
  readonly endMs: number
  /** What it would take if there were time enough. */
  readonly ownMs: number
}

/** What a shutdown does at which time when nothing ends before its SIGKILL, in the order in which it begins. Pure. */
export function shutdownTimeline(
  shutdown: ShutdownSpec,
  processes: readonly Stopping[],
): readonly TimelineStep[] {
  const budgetMs = usableMs(shutdown)
  const stepOf = (
    step: TimelineStep['step'],
    beginMs: number,
    ownMs: number,
    afterMs: number,
    process: string | null = null,
  ) => {
    const endMs = beginMs + stepMs(ownMs, budgetMs - beginMs, ownMs + afterMs)
    return { step, process, beginMs, endMs, ownMs }
  }
  const drain = stepOf('drain', 0, shutdown.drainMs, chainMs(processes))
  const after = afterMs(processes)
  const begins = new Map<string, number>()
  const stops = inStartOrder(processes)
    .toReversed()
    .map((process) => {
      const { name, dependsOn } = process
      const beginMs = begins.get(name) ?? drain.endMs
      const stop = stepOf('stop', beginMs, graceOf(process), after.get(name) ?? 0, name)
      for (const { process: needed } of dependsOn) {
        begins.set(needed, Math.max(begins.get(needed) ?? 0, stop.endMs))
      }
      return stop
    })
  const sweep = stepOf(
    'sweep',
    Math.max(drain.endMs, ...stops.map(({ endMs }) => endMs)),
    sweepMs,
    0,
  )
  const byName = new Map(stops.map((stop) => [stop.process, stop]))
  const shown = processes.flatMap(({ name, replicas }) =>
    replicas > 0 ? (byName.get(name) ?? []) : [],
  )
  return [
    ...(shutdown.drainMs > 0 ? [drain] : []),
    ...shown.toSorted((a, b) => a.beginMs - b.beginMs),
    sweep,
  ]
}

/** All but a tenth, at most 1 s. */
function lessReserve(ms: number): number {
  return ms - Math.min(1000, ms / 10)
}
