import type { ProcessSpec, ShutdownSpec } from './plan.ts'

/** The last step of a shutdown, own time in ms: from SIGTERM to SIGKILL for what belongs to no run. */
export const sweepMs = 1000

/** The time between the beginning of a shutdown and its last SIGKILL, in ms: the budget but for a reserve of a tenth, at most 1 s. */
export function usableMs({ graceMs }: ShutdownSpec): number {
  return graceMs - Math.min(1000, graceMs / 10)
}

/**
 * What a step of a shutdown gets of its own time, in ms: all of it when `chainMs`, the longest sum of times still to come with
 * its own, fits into the `leftMs` of the budget, else its share. Never 0 for a step that has a time of its own. Pure.
 */
export function stepMs(ownMs: number, leftMs: number, chainMs: number): number {
  return chainMs <= 0 ? ownMs : ownMs * Math.min(1, Math.max(leftMs, 1) / chainMs)
}

/** One line of what a shutdown does; both times in ms from its beginning, at worst. */
export interface TimelineStep {
  readonly step: 'drain' | 'stop' | 'sweep'
  /** Of the process that is stopped. */
  readonly process: string | null
  readonly beginMs: number
  readonly endMs: number
}

/** A process without instances takes no time. */
type Stopping = Pick<ProcessSpec, 'name' | 'graceMs'> & { readonly instances: readonly unknown[] }

/** What a shutdown does at which time when nothing ends before its SIGKILL. Pure. */
export function shutdownTimeline(
  shutdown: ShutdownSpec,
  processes: readonly Stopping[],
): readonly TimelineStep[] {
  const budgetMs = usableMs(shutdown)
  const { drainMs } = shutdown
  const drainEndMs = stepMs(drainMs, budgetMs, drainMs + chainMs(processes))
  const stops = processes.filter(hasInstances).map(({ name, graceMs }) => ({
    ...{ step: 'stop' as const, process: name, beginMs: drainEndMs },
    endMs: drainEndMs + stepMs(graceMs, budgetMs - drainEndMs, graceMs + sweepMs),
  }))
  const stopEndMs = Math.max(drainEndMs, ...stops.map(({ endMs }) => endMs))
  const sweepEndMs = stopEndMs + stepMs(sweepMs, budgetMs - stopEndMs, sweepMs)
  return [
    ...(drainMs > 0
      ? [{ step: 'drain' as const, process: null, beginMs: 0, endMs: drainEndMs }]
      : []),
    ...stops,
    { step: 'sweep', process: null, beginMs: stopEndMs, endMs: sweepEndMs },
  ]
}

/** The longest sum of times that follows a drain, in ms. */
export function chainMs(processes: readonly Stopping[]): number {
  return Math.max(0, ...processes.filter(hasInstances).map(({ graceMs }) => graceMs)) + sweepMs
}

function hasInstances({ instances }: Stopping): boolean {
  return instances.length > 0
}
