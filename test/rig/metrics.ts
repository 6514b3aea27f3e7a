import type { ProcessView, View } from '../../src/core/view.ts'
import { createMetrics, type Metrics } from '../../src/observe/metrics.ts'
import { systemClock } from '../../src/os/clock.ts'
import type { OutputCounts } from '../../src/ports/output.ts'
import type { Usage } from '../../src/ports/usage.ts'
import { instanceView, processView, viewOf } from './views.ts'

/** Metrics of these processes, and all that they are made of besides. */
export function createMetricsOf(processes: readonly ProcessView[] = [], clock = systemClock) {
  const state: { view: View; orphans: number } = { view: viewOf(...processes), orphans: 0 }
  const output = new Map<string, OutputCounts>()
  const usages = new Map<number, Usage>()
  const cgroup: { memoryBytes?: number; oomKills?: number } = {}
  const loopTurns = { bounds: [0.001, 0.01], counts: [5, 2, 1], sum: 0.1 }
  let looks = 0
  const metrics = createMetrics({
    ...{ clock, output, loopTurns, version: '1.2.3' },
    usage: {
      *look(mains) {
        looks += 1
        yield
        return new Map([...usages].filter(([pid]) => mains.has(pid)))
      },
    },
    cgroup: { memoryBytes: () => cgroup.memoryBytes, oomKills: () => cgroup.oomKills },
    view: () => state.view,
    reapedOrphans: () => state.orphans,
  })
  return { state, output, usages, cgroup, metrics, looks: () => looks }
}

/** The samples of Ringmaster's own metrics, one a line. */
export async function samplesOf(metrics: Metrics): Promise<readonly string[]> {
  const lines = (await metrics.text()).split('\n')
  return lines.filter((line) => line.startsWith('ringmaster_'))
}

/** A scrape at which every metric has a sample. */
export async function everyMetric(): Promise<string> {
  const last = { cause: 'error', status: { code: 1, signal: 0 } } as const
  const { output, usages, cgroup, metrics } = createMetricsOf([
    processView('web', instanceView('web.1', { last })),
  ])
  usages.set(100, { cpuSeconds: 1, residentBytes: 1, openFds: 1 })
  Object.assign(cgroup, { memoryBytes: 1, oomKills: 1 })
  output.set('web.1', { stdout: { bytes: 1, droppedLines: 1 } })
  const of = { type: 'instance', process: 'web', instance: 'web.1', run: 1, pid: 1 } as const
  const at = { monoMs: 0, wallMs: 0 }
  metrics.change({ ...of, phase: 'starting', previous: 'pending', at })
  metrics.change({ ...of, phase: 'running', previous: 'starting', isReady: true, at })
  const tried = { isOk: true, detail: 'HTTP 200', durationMs: 5 }
  metrics.change({ ...of, type: 'probe', probe: 'liveness', ...tried, at })
  metrics.change({ ...of, phase: 'stopping', previous: 'running', at })
  const restart = { cause: 'error', delayMs: 100 } as const
  metrics.change({ ...of, phase: 'backoff', previous: 'stopping', ...restart, at })
  return metrics.text()
}
