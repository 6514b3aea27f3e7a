import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import type { InstanceChange } from '../../../src/core/changes.ts'
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

t.test('gauges show the view at the time of the scrape', async (t) => {
  const { state, metrics } = createMetricsOf([processView('web', instanceView('web.2'))])
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
  const { metrics } = createMetricsOf()
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
  const { metrics } = createMetricsOf([processView('web', instanceView('web.2'))])
  metrics.change({ ...ended, at })
  metrics.change({ type: 'departure', process: 'web', instance: 'web.2', at })
  const lines = await samplesOf(metrics)
  t.notOk(lines.some((line) => line.includes('restarts_total{')))
  t.ok(lines.includes('ringmaster_process_backoff_seconds{process="web",replica="2"} 0'))
})

t.test('restarts are counted by instance and cause, ends without a restart are not', async (t) => {
  const { metrics } = createMetricsOf([processView('web', instanceView('web.2'))])
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
  const { state, metrics } = createMetricsOf()
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
  const text = await createMetricsOf().metrics.text()
  t.match(text, /^process_cpu_seconds_total /m)
  t.match(text, /^nodejs_heap_size_used_bytes /m)
  t.notMatch(text, /eventloop/)
})

t.test('output is told by stream, and lines that are lost by instance', async (t) => {
  const { output, metrics } = createMetricsOf([
    processView('web', instanceView('web.1'), instanceView('web.2')),
  ])
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
