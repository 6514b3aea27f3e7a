import t from 'tap'
import type { Change, Phase } from '../../../src/core/changes.ts'
import { createMetricsOf, samplesOf } from '../../rig/metrics.ts'
import { instanceView, processView } from '../../rig/views.ts'

const entered = (phase: Phase, previous: Phase, monoMs: number, rest: object = {}): Change => ({
  type: 'instance',
  ...{ process: 'web', instance: 'web.1', run: 1, pid: 77, phase, previous, ...rest },
  at: { monoMs, wallMs: 0 },
})

t.test('the wait for a restart is told while it lasts', async (t) => {
  const { metrics } = createMetricsOf([processView('web', instanceView('web.1'))])
  const wait = async () =>
    (await samplesOf(metrics)).filter((one) => one.includes('backoff_seconds'))
  const of = 'ringmaster_process_backoff_seconds{process="web",replica="1"}'
  t.same(await wait(), [`${of} 0`])
  metrics.change(entered('backoff', 'stopping', 0, { cause: 'error', delayMs: 1500 }))
  t.same(await wait(), [`${of} 1.5`])
  metrics.change(entered('pending', 'backoff', 1500))
  t.same(await wait(), [`${of} 0`])
})

t.test('the time to be ready counts from the spawn, and only of runs that get there', async (t) => {
  const { metrics } = createMetricsOf()
  metrics.change(entered('pending', 'backoff', 0))
  metrics.change(entered('starting', 'pending', 100))
  metrics.change(entered('running', 'starting', 200))
  const probe = {
    type: 'probe',
    process: 'web',
    instance: 'web.1',
    run: 1,
    probe: 'readiness',
  } as const
  const success = { ...probe, isOk: true, detail: 'HTTP 200', durationMs: 5 }
  metrics.change({ ...success, isReady: true, at: { monoMs: 400, wallMs: 0 } })
  metrics.change({ ...success, isReady: true, at: { monoMs: 800, wallMs: 0 } })
  metrics.change(entered('starting', 'pending', 1000))
  metrics.change(entered('stopping', 'starting', 9000, { status: { code: 1, signal: 0 } }))
  metrics.change(entered('running', 'starting', 9000, { instance: 'web.2', isReady: true }))
  const lines = (await samplesOf(metrics)).filter((one) => one.includes('time_to_ready'))
  t.ok(lines.includes('ringmaster_time_to_ready_seconds_bucket{le="0.25",process="web"} 0'))
  t.ok(lines.includes('ringmaster_time_to_ready_seconds_bucket{le="0.5",process="web"} 1'))
  t.ok(lines.includes('ringmaster_time_to_ready_seconds_bucket{le="+Inf",process="web"} 1'))
  t.ok(lines.includes('ringmaster_time_to_ready_seconds_sum{process="web"} 0.3'))
  t.ok(lines.includes('ringmaster_time_to_ready_seconds_count{process="web"} 1'))
})

t.test('each try of a probe is counted with how long it took', async (t) => {
  const { metrics } = createMetricsOf()
  const probe = {
    type: 'probe',
    process: 'web',
    instance: 'web.1',
    run: 1,
    probe: 'liveness',
  } as const
  const at = { monoMs: 0, wallMs: 0 }
  for (const [isOk, durationMs] of [
    [true, 5],
    [true, 20],
    [false, 1000],
    [null, 1],
  ] as const) {
    metrics.change({ ...probe, isOk, detail: '', durationMs, at })
  }
  const lines = (await samplesOf(metrics)).filter((one) => /probe_duration.*_(sum|count)/.test(one))
  const of = (what: string, result: string) =>
    `ringmaster_probe_duration_seconds_${what}{process="web",probe="liveness",result="${result}"}`
  t.same(lines, [
    `${of('sum', 'success')} 0.025`,
    `${of('count', 'success')} 2`,
    `${of('sum', 'failure')} 1`,
    `${of('count', 'failure')} 1`,
    `${of('sum', 'unknown')} 0.001`,
    `${of('count', 'unknown')} 1`,
  ])
})

t.test('a stop takes until nothing of the run lives; an end by itself is no stop', async (t) => {
  const { metrics } = createMetricsOf()
  metrics.change(
    entered('stopping', 'running', 0, { cause: 'error', status: { code: 1, signal: 0 } }),
  )
  metrics.change(entered('backoff', 'stopping', 5000, { cause: 'error', delayMs: 1 }))
  t.notOk((await samplesOf(metrics)).some((one) => one.includes('stop_duration')))
  metrics.change(entered('stopping', 'running', 0))
  metrics.change(entered('stopped', 'stopping', 2000, { cause: 'stop-requested' }))
  t.ok((await samplesOf(metrics)).includes('ringmaster_stop_duration_seconds_sum{process="web"} 2'))
})

t.test('a distribution is told in buckets that add up', async (t) => {
  const { metrics } = createMetricsOf()
  t.same(
    (await samplesOf(metrics)).filter((one) => one.includes('loop_blocked')),
    [
      'ringmaster_loop_blocked_seconds_bucket{le="0.001"} 5',
      'ringmaster_loop_blocked_seconds_bucket{le="0.01"} 7',
      'ringmaster_loop_blocked_seconds_bucket{le="+Inf"} 8',
      'ringmaster_loop_blocked_seconds_sum 0.1',
      'ringmaster_loop_blocked_seconds_count 8',
    ],
  )
})
