import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import type { Change, InstanceChange, Phase } from '../../../src/core/changes.ts'
import type { ProcessView } from '../../../src/core/view.ts'
import { createManualClock } from '../../rig/manual-clock.ts'
import { createMetricsOf, samplesOf } from '../../rig/metrics.ts'
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

function createParts(...processes: readonly ProcessView[]) {
  return createMetricsOf(processes)
}

t.test('gauges show the view at the time of the scrape', async (t) => {
  const { state, metrics } = createParts(processView('web', instanceView('web.2')))
  const running = await samplesOf(metrics)
  const of = 'process="web",replica="2"'
  t.ok(running.includes(`ringmaster_process_phase{${of},phase="running"} 1`))
  t.ok(running.includes(`ringmaster_process_phase{${of},phase="failed"} 0`))
  t.ok(running.includes(`ringmaster_process_ready{${of}} 1`))
  t.ok(running.includes(`ringmaster_process_start_time_seconds{${of}} 1900000000`))
  t.notOk(running.some((line) => line.includes('last_exit_code')))

  const last = { cause: 'signal', status: { code: 0, signal: 9 } } as const
  const down = instanceView('web.1', { phase: 'backoff', startedAtMs: null, last })
  state.view = viewOf(processView('web', down))
  const backoff = await samplesOf(metrics)
  t.ok(backoff.includes('ringmaster_process_ready{process="web",replica="1"} 0'))
  t.ok(backoff.includes('ringmaster_process_last_exit_code{process="web",replica="1"} 137'))
  t.notOk(
    backoff.some((line) => line.includes(of)),
    'what is gone has no series',
  )
  t.notOk(backoff.some((line) => line.includes('start_time_seconds')))
})

t.test('rollouts are counted by what came of them, when they have ended', async (t) => {
  const { metrics } = createParts()
  const states = ['started', 'failed', 'started', 'returned', 'paused', 'failed'] as const
  for (const state of states) {
    metrics.change({ type: 'rollout', process: 'web', revision: 2, state, reason: '', at })
  }
  t.same(
    (await samplesOf(metrics)).filter((line) => line.startsWith('ringmaster_rollout_total')),
    ['failed} 2', 'returned} 1'].map((end) => {
      return `ringmaster_rollout_total{result="${end.replace('}', '"}')}`
    }),
  )
})

t.test('an instance that is made anew begins with nothing', async (t) => {
  const { metrics } = createParts(processView('web', instanceView('web.2')))
  metrics.change({ ...ended, at })
  metrics.change({ type: 'departure', process: 'web', instance: 'web.2', at })
  const lines = await samplesOf(metrics)
  t.notOk(lines.some((line) => line.includes('restarts_total{')))
  t.ok(lines.includes('ringmaster_process_backoff_seconds{process="web",replica="2"} 0'))
})

t.test('restarts are counted by instance and cause, ends without a restart are not', async (t) => {
  const { metrics } = createParts(processView('web', instanceView('web.2')))
  metrics.change({ ...ended, at })
  metrics.change({ ...ended, phase: 'pending', delayMs: 0, at })
  const { delayMs: _, ...final } = ended
  metrics.change({ ...final, phase: 'failed', at })
  metrics.change({ type: 'internalError', message: '', at })
  t.same(
    (await samplesOf(metrics)).filter((line) => line.includes('restarts_total')),
    ['ringmaster_process_restarts_total{process="web",replica="2",cause="signal"} 2'],
  )
})

t.test('orphans and the build are told', async (t) => {
  const { state, metrics } = createParts()
  state.orphans = 3
  t.ok((await samplesOf(metrics)).includes('ringmaster_reaped_orphans_total 3'))
  t.ok(
    (await samplesOf(metrics)).includes(
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

const entered = (phase: Phase, previous: Phase, monoMs: number, rest: object = {}): Change => ({
  type: 'instance',
  ...{ process: 'web', instance: 'web.1', run: 1, pid: 77, phase, previous, ...rest },
  at: { monoMs, wallMs: 0 },
})

t.test('the wait for a restart is told while it lasts', async (t) => {
  const { metrics } = createParts(processView('web', instanceView('web.1')))
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
  const { metrics } = createParts()
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
  const { metrics } = createParts()
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
  const { metrics } = createParts()
  metrics.change(
    entered('stopping', 'running', 0, { cause: 'error', status: { code: 1, signal: 0 } }),
  )
  metrics.change(entered('backoff', 'stopping', 5000, { cause: 'error', delayMs: 1 }))
  t.notOk((await samplesOf(metrics)).some((one) => one.includes('stop_duration')))
  metrics.change(entered('stopping', 'running', 0))
  metrics.change(entered('stopped', 'stopping', 2000, { cause: 'stop-requested' }))
  t.ok((await samplesOf(metrics)).includes('ringmaster_stop_duration_seconds_sum{process="web"} 2'))
})

t.test('output is told by stream, and lines that are lost by instance', async (t) => {
  const { output, metrics } = createParts(
    processView('web', instanceView('web.1'), instanceView('web.2')),
  )
  const stdout = { bytes: 10, droppedLines: 1 }
  output.set('web.1', { stdout, stderr: { bytes: 20, droppedLines: 2 } })
  output.set('gone.1', { stdout })
  t.same(
    (await samplesOf(metrics)).filter((one) => one.includes('output')),
    [
      'ringmaster_process_output_bytes_total{process="web",replica="1",stream="stdout"} 10',
      'ringmaster_process_output_bytes_total{process="web",replica="1",stream="stderr"} 20',
      'ringmaster_process_output_lines_dropped_total{process="web",replica="1"} 3',
    ],
  )
})

t.test('a long text is made in slices, between which the event loop does other work', async (t) => {
  const clock = createManualClock()
  let pieces = 0
  const { metrics } = createMetricsOf([processView('web', instanceView('web.1'))], {
    ...clock,
    now() {
      pieces += 1
      clock.advance(1)
      return clock.now()
    },
  })
  let text: string | undefined
  const texts = Promise.all([metrics.text(), metrics.text()])
  const end = texts.then(([one, two]) => {
    text = one
    t.equal(one, two, 'two who ask at once share the work')
  })
  await turn()
  t.equal(text, undefined)
  t.ok(pieces < 10, 'a slice ends when its time is used')
  while (text === undefined) {
    clock.poll()
    await turn()
  }
  await end
  t.match(text, /^nodejs_version_info/m)
})

const usage = { cpuSeconds: 1.5, residentBytes: 4096, openFds: 3 }

t.test(
  'what an instance uses is told while it runs, and what may not be seen is left out',
  async (t) => {
    const clock = createManualClock()
    const processes = [processView('web', instanceView('web.1', { pid: 7 }), instanceView('web.2'))]
    const { state, usages, metrics } = createMetricsOf(processes, clock)
    usages.set(7, { ...usage, openFds: undefined })
    const told = async () =>
      (await samplesOf(metrics)).filter((one) => /_(bytes|fds|cpu_seconds_total)\{/.test(one))
    const of = '{process="web",replica="1"}'
    t.same(await told(), [
      `ringmaster_process_cpu_seconds_total${of} 1.5`,
      `ringmaster_process_resident_memory_bytes${of} 4096`,
    ])
    usages.set(7, usage)
    clock.advance(1000)
    t.ok((await told()).includes(`ringmaster_process_open_fds${of} 3`))
    state.view = viewOf(processView('web', instanceView('web.1', { pid: null })))
    clock.advance(1000)
    t.same(await told(), [`ringmaster_process_cpu_seconds_total${of} 1.5`])
  },
)

t.test('a look at /proc serves all who ask within a second', async (t) => {
  const clock = createManualClock()
  const { metrics, looks } = createMetricsOf([], clock)
  await Promise.all([metrics.text(), metrics.text()])
  await metrics.text()
  clock.advance(999)
  await metrics.text()
  t.equal(looks(), 1)
  clock.advance(1)
  await metrics.text()
  t.equal(looks(), 2)
})

t.test('CPU time adds up over the runs of an instance, and never falls', async (t) => {
  const clock = createManualClock()
  const { state, usages, metrics } = createMetricsOf([], clock)
  const scrape = async (pid: number, startedAtMs: number, cpuSeconds: number) => {
    state.view = viewOf(processView('web', instanceView('web.1', { pid, startedAtMs })))
    usages.clear()
    usages.set(pid, { ...usage, cpuSeconds })
    clock.advance(1000)
    const [line] = (await samplesOf(metrics)).filter((one) => one.includes('_cpu_seconds_total{'))
    return Number(line?.split(' ').at(-1))
  }
  t.equal(await scrape(7, 1, 10), 10)
  t.equal(await scrape(7, 1, 12), 12)
  t.equal(await scrape(9, 2, 3), 15, 'another run begins at 0')
  t.equal(await scrape(9, 3, 1), 16, 'also one with the same pid')
  t.equal(await scrape(9, 3, 101), 116)
  t.equal(await scrape(9, 3, 11), 116, 'a child was waited for while we looked')
  t.equal(await scrape(9, 3, 102), 117, 'and is counted once')
  t.equal(await scrape(9, 3, 50), 117, 'a child is gone for good')
  t.equal(await scrape(9, 3, 51), 117)
  t.equal(await scrape(9, 3, 53), 119, 'what goes on is counted')
})

t.test('what the kernel does not tell of the cgroup has no sample', async (t) => {
  const { cgroup, metrics } = createParts()
  const told = async () => (await samplesOf(metrics)).filter((one) => one.includes('cgroup'))
  t.same(await told(), [])
  Object.assign(cgroup, { memoryBytes: 4096, oomKills: 0 })
  t.same(await told(), [
    'ringmaster_cgroup_memory_bytes 4096',
    'ringmaster_cgroup_oom_kills_total 0',
  ])
})

t.test('a distribution is told in buckets that add up', async (t) => {
  const { metrics } = createParts()
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
