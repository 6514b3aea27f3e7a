import { Counter, Histogram, type Registry } from 'prom-client'
import type { Cause, Change, InstanceChange, RolloutChange } from '../core/changes.ts'

/** What only changes tell: counts, and durations, whose metrics are its own. */
export interface ChangeTallies {
  change(change: Change): void
  /** By the name of an instance and what ended the run before. */
  readonly restarts: ReadonlyMap<string, ReadonlyMap<Cause, number>>
  /** The wait of each instance that is in `backoff`. */
  readonly backoffMs: ReadonlyMap<string, number>
}

export function createChangeTallies(registry: Registry): ChangeTallies {
  const restarts = new Map<string, Map<Cause, number>>()
  const backoffMs = new Map<string, number>()
  const timeToReady = new Histogram({
    name: 'ringmaster_time_to_ready_seconds',
    help: 'From the spawn of a run until it is ready.',
    labelNames: ['process'],
    buckets: readyBounds,
    registers: [registry],
  })
  const stopDuration = new Histogram({
    name: 'ringmaster_stop_duration_seconds',
    help: 'From the begin of a stop until nothing of the run lives.',
    labelNames: ['process'],
    buckets: stopBounds,
    registers: [registry],
  })
  const rollouts = new Counter({
    name: 'ringmaster_rollout_total',
    help: 'Rollouts that ended, by what came of them: completed, failed, superseded, or returned to the last good revision.',
    labelNames: ['result'],
    registers: [registry],
  })
  const spawnedMonoMs = new Map<string, number>()
  const stoppedMonoMs = new Map<string, number>()

  function countRestart({ instance, cause, delayMs }: InstanceChange): void {
    if (cause === undefined || delayMs === undefined) return
    const counts = restarts.get(instance) ?? new Map<Cause, number>()
    counts.set(cause, (counts.get(cause) ?? 0) + 1)
    restarts.set(instance, counts)
  }

  function forget(instance: string): void {
    for (const map of [restarts, backoffMs, spawnedMonoMs, stoppedMonoMs]) map.delete(instance)
  }

  return {
    restarts,
    backoffMs,
    change(change) {
      if (change.type === 'rollout' && isResult(change.state)) {
        rollouts.inc({ result: change.state })
      }
      if (!('instance' in change)) return
      if (change.type === 'departure') forget(change.instance)
      if ('isReady' in change && change.isReady) {
        const sinceMs = take(spawnedMonoMs, change.instance, change.at.monoMs)
        observe(timeToReady, change.process, sinceMs)
      }
      if (change.type !== 'instance') return
      const { process, instance, phase, previous, status, delayMs = 0 } = change
      const { monoMs } = change.at
      countRestart(change)
      if (phase === 'backoff') backoffMs.set(instance, delayMs)
      else backoffMs.delete(instance)
      if (phase === 'starting') spawnedMonoMs.set(instance, monoMs)
      else if (phase !== 'running') spawnedMonoMs.delete(instance)
      // A main process that has ended by itself was not stopped.
      if (phase === 'stopping' && status === undefined) stoppedMonoMs.set(instance, monoMs)
      if (previous === 'stopping') {
        observe(stopDuration, process, take(stoppedMonoMs, instance, monoMs))
      }
    },
  }
}

function isResult(state: RolloutChange['state']): boolean {
  return state !== 'started' && state !== 'paused' && state !== 'resumed'
}

/** Those of a service that is slow to start, up to its startup probe's ten minutes. */
const readyBounds = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600]
/** Among them 10 and 30, the graces that are common. */
const stopBounds = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300]

/** How long ago the instance began what ends now; undefined when it did not. */
function take(begins: Map<string, number>, instance: string, monoMs: number): number | undefined {
  const begin = begins.get(instance)
  begins.delete(instance)
  return begin === undefined ? undefined : monoMs - begin
}

function observe(
  histogram: Histogram<'process'>,
  process: string,
  durationMs: number | undefined,
): void {
  if (durationMs !== undefined) histogram.observe({ process }, durationMs / 1000)
}
