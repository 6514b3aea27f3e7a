import { Histogram, type Registry } from 'prom-client'
import type { Change } from '../core/messages.ts'

/** Makes the metric of the tries of probes; returns what it is told by. */
export function createProbeHistogram(registry: Registry): (change: Change) => void {
  const histogram = new Histogram({
    name: 'ringmaster_probe_duration_seconds',
    help: 'How long the tries of a probe took; result is success, failure, or unknown where it could not be tried.',
    labelNames: ['process', 'probe', 'result'],
    buckets: bounds,
    registers: [registry],
  })
  return (change) => {
    if (change.type !== 'probe') return
    const { process, probe, isOk, durationMs } = change
    const result = isOk === null ? 'unknown' : isOk ? 'success' : 'failure'
    histogram.observe({ process, probe, result }, durationMs / 1000)
  }
}

/** Up to timeouts of minutes; most are of 1 s. */
const bounds = [0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60]
