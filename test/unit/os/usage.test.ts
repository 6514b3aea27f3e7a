import t from 'tap'
import { lookAtProcess } from '../../../src/os/usage.ts'

t.test('one process is looked at by its pid', async (t) => {
  const { residentBytes = 0, cpuSeconds = 0 } = lookAtProcess(process.pid) ?? {}
  const rssBytes = process.memoryUsage.rss()
  t.ok(Math.abs(residentBytes - rssBytes) < rssBytes / 4, `${residentBytes} of ${rssBytes} bytes`)
  const { user, system } = process.cpuUsage()
  t.ok(Math.abs(cpuSeconds - (user + system) / 1e6) < 0.2, `${cpuSeconds} s`)
})

t.test('of one that has ended nothing is known', async (t) => {
  t.equal(lookAtProcess(2 ** 22 + 1), undefined)
})
