import type { Registry } from 'prom-client'
import type { Change } from '../core/changes.ts'
import { type Distribution, SampledHistogram } from './sampled.ts'

interface Tally extends Distribution {
  readonly counts: number[]
  sum: number
}

/** Makes the metric of the tries of probes; returns what it is told by. There may be hundreds a second: they are counted here, and prom-client prints them. */
export function createProbeHistogram(registry: Registry): (change: Change) => void {
  const tallies = new Map<string, Tally>()
  new SampledHistogram(
    {
      name: 'ringmaster_probe_duration_seconds',
      help: 'How long the tries of a probe took; result is success, failure, or unknown where it could not be tried.',
      registers: [registry],
    },
    () => tallies.values(),
  )
  return (change) => {
    if (change.type !== 'probe') return
    const { process, probe, isOk, durationMs } = change
    const result = isOk === null ? 'unknown' : isOk ? 'success' : 'failure'
    const key = `${process} ${probe} ${result}`
    let tally = tallies.get(key)
    if (tally === undefined) {
      const counts = [...bounds, Number.POSITIVE_INFINITY].map(() => 0)
      tally = { labels: { process, probe, result }, bounds, counts, sum: 0 }
      tallies.set(key, tally)
    }
    const seconds = durationMs / 1000
    const above = bounds.findIndex((bound) => seconds <= bound)
    const bucket = above < 0 ? bounds.length : above
    tally.counts[bucket] = (tally.counts[bucket] ?? 0) + 1
    tally.sum += seconds
  }
}

/** Up to timeouts of minutes; most are of 1 s. */
const bounds = [0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60]
