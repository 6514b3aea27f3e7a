import t from 'tap'
import type { InstanceChange } from '../../../src/core/messages.ts'
import type { ProcessView, View } from '../../../src/core/view.ts'
import { createMetrics } from '../../../src/observe/metrics.ts'
import { instanceView, processView, viewOf } from '../../rig/views.ts'

const at = { monoMs: 0, wallMs: 0 }
const ended: InstanceChange = {
  type: 'instance',
  process: 'web',
  instance: 'web.2',
  run: 1,
  pid: 77,
  phase: 'backoff',
  previous: 'stopping',
  cause: 'signal',
  status: { code: 0, signal: 9 },
  delayMs: 100,
}

async function samples(metrics: { text(): Promise<string> }): Promise<readonly string[]> {
  const lines = (await metrics.text()).split('\n')
  return lines.filter((line) => line.startsWith('ringmaster_'))
}

function createParts(...processes: readonly ProcessView[]) {
  const state: { view: View; orphans: number } = { view: viewOf(...processes), orphans: 0 }
  const metrics = createMetrics({
    view: () => state.view,
    reapedOrphans: () => state.orphans,
    version: '1.2.3',
  })
  return { state, metrics }
}

t.test('gauges show the view at the time of the scrape', async (t) => {
  const { state, metrics } = createParts(processView('web', instanceView('web.2')))
  const running = await samples(metrics)
  const of = 'process="web",replica="2"'
  t.ok(running.includes(`ringmaster_process_phase{${of},phase="running"} 1`))
  t.ok(running.includes(`ringmaster_process_phase{${of},phase="failed"} 0`))
  t.ok(running.includes(`ringmaster_process_ready{${of}} 1`))
  t.ok(running.includes(`ringmaster_process_start_time_seconds{${of}} 1900000000`))
  t.notOk(running.some((line) => line.includes('last_exit_code')))

  const last = { cause: 'signal', status: { code: 0, signal: 9 } } as const
  const down = instanceView('web.1', { phase: 'backoff', startedAtMs: null, last })
  state.view = viewOf(processView('web', down))
  const backoff = await samples(metrics)
  t.ok(backoff.includes('ringmaster_process_ready{process="web",replica="1"} 0'))
  t.ok(backoff.includes('ringmaster_process_last_exit_code{process="web",replica="1"} 137'))
  t.notOk(
    backoff.some((line) => line.includes(of)),
    'what is gone has no series',
  )
  t.notOk(backoff.some((line) => line.includes('start_time_seconds')))
})

t.test('restarts are counted by instance and cause, ends without a restart are not', async (t) => {
  const { metrics } = createParts()
  metrics.change({ ...ended, at })
  metrics.change({ ...ended, phase: 'pending', delayMs: 0, at })
  const { delayMs: _, ...final } = ended
  metrics.change({ ...final, phase: 'failed', at })
  metrics.change({ type: 'internalError', message: '', at })
  t.same(
    (await samples(metrics)).filter((line) => line.includes('restarts_total')),
    ['ringmaster_process_restarts_total{process="web",replica="2",cause="signal"} 2'],
  )
})

t.test('orphans and the build are told', async (t) => {
  const { state, metrics } = createParts()
  state.orphans = 3
  t.ok((await samples(metrics)).includes('ringmaster_reaped_orphans_total 3'))
  t.ok(
    (await samples(metrics)).includes(
      `ringmaster_build_info{version="1.2.3",node="${process.versions.node}"} 1`,
    ),
  )
  t.match(metrics.contentType, /^text\/plain; version=/)
})

t.test('Node.js metrics come without the lag of the event loop, which would wake it', async (t) => {
  const text = await createParts().metrics.text()
  t.match(text, /^process_cpu_seconds_total /m)
  t.match(text, /^nodejs_heap_size_used_bytes /m)
  t.notMatch(text, /eventloop/)
})
