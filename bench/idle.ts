import { setTimeout as sleep } from 'node:timers/promises'
import { exec, peers, runMany, runWithEndpoint, stamp, takeStamps } from './contenders.ts'
import { digits, printTable, printTarget } from './figures.ts'
import { answered, ask, freePort } from './http.ts'
import { contextSwitches, cpuMicros, type Started, start } from './started.ts'

const settleMs = 15_000
const sampleMs = 30_000

/** What supervisors cost while nothing happens. All side by side: they sleep. */
export async function measureIdle(): Promise<void> {
  const port = await freePort()
  const contenders = [exec, runWithEndpoint, runMany(50, port), ...peers]
  const all: { readonly name: string; readonly started: Started }[] = []
  for (const contender of contenders) {
    takeStamps()
    const started = await start(contender, [stamp, 'signals'])
    await started.stamped('start')
    all.push({ name: contender.name, started })
  }
  await answered(port, '/startupz')
  // Once in its life it was scraped.
  await ask(port, '/metrics')
  await sleep(settleMs)
  const read = () =>
    all.map(({ started: { pid } }) => [contextSwitches(pid), cpuMicros(pid)] as const)
  const before = read()
  await sleep(sampleMs)
  const after = read()
  const minutes = sampleMs / 60_000
  const aMinute = (i: number, of: 0 | 1) =>
    ((after[i]?.[of] ?? Number.NaN) - (before[i]?.[of] ?? Number.NaN)) / minutes
  for (const { started } of all) await started.end()
  printTable(`idle: all threads, a minute, N = 1 sample of ${sampleMs / 1000} s`, [
    ['', 'context switches', 'CPU µs'],
    ...all.map(({ name }, i) => [name, digits(aMinute(i, 0)), digits(aMinute(i, 1))]),
  ])
  for (const [i, { name }] of all.slice(0, 3).entries()) {
    printTarget(`${name}, context switches a minute`, aMinute(i, 0), i < 2 ? 4 : 6)
  }
  printTarget('run of 50, CPU a minute', aMinute(2, 1) / 1000, 5, ' ms')
}
