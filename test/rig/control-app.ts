import type { FastifyInstance } from 'fastify'
import { type ControlOptions, createControlApp } from '../../src/api/control/serve.ts'
import type { Fact } from '../../src/core/events.ts'
import { createHistory } from '../../src/observe/history.ts'
import type { Peer } from '../../src/ports/peers.ts'
import { createManualClock } from './manual-clock.ts'
import { processSpec } from './specs.ts'
import { instanceView, processView, viewOf } from './views.ts'

export const us: Peer = { pid: 9, uid: 0, isOwn: true, isDescendant: false }

/** The control API over a view of web.1, web.2 and job.1, with what was posted. */
export function controlApp(
  given: Partial<ControlOptions> = {},
  peer: Peer | undefined = us,
): { app: FastifyInstance; posted: Fact[] } {
  const posted: Fact[] = []
  const view = viewOf(
    processView('web', instanceView('web.1'), instanceView('web.2', { phase: 'backoff' })),
    { ...processView('job', instanceView('job.1')), sockets: ['http'] },
  )
  const app = createControlApp(
    {
      version: '1.2.3',
      view: () => view,
      post: (fact) => posted.push(fact),
      clock: createManualClock(),
      sockets: [{ name: 'http', address: '0.0.0.0:80' }],
      history: createHistory({ later: setImmediate, report: () => {} }),
      usages: { now: async () => ({ atMonoMs: 0, live: new Map(), cpuSeconds: new Map() }) },
      incidents: { of: () => [] },
      lines: { lastWords: () => ({ stdout: '', stderr: '' }), follow: () => () => {} },
      readConfig: async (_, use) => use({ problem: 'no file' }),
      showConfig: ({ files }) => ({ processes: {}, 'x-files': files }),
      whyNotApply: () => null,
      obstacleToUndo: () => null,
      preview: () => ({ processes: [], settings: [], fixed: [] }),
      specs: () => [processSpec('web', { replicas: 2 }), processSpec('job')],
      access: () => ({ others: 'read', descendants: null }),
      report: (error) => {
        throw error
      },
      ...given,
    },
    () => peer,
  )
  return { app, posted }
}
