import t from 'tap'
import { createManualClock } from '../../rig/manual-clock.ts'
import { createMetricsOf, samplesOf } from '../../rig/metrics.ts'
import { instanceView, processView, viewOf } from '../../rig/views.ts'

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
  const { cgroup, metrics } = createMetricsOf()
  const told = async () => (await samplesOf(metrics)).filter((one) => one.includes('cgroup'))
  t.same(await told(), [])
  Object.assign(cgroup, { memoryBytes: 4096, oomKills: 0 })
  t.same(await told(), [
    'ringmaster_cgroup_memory_bytes 4096',
    'ringmaster_cgroup_oom_kills_total 0',
  ])
})
