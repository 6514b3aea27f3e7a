import { setTimeout as sleep } from 'node:timers/promises'
import { bareScript, exec, peers, stamp, takeStamps } from './contenders.ts'
import {
  digits,
  median,
  minimum,
  percentile,
  printTable,
  printTarget,
  shuffled,
} from './figures.ts'
import { start } from './started.ts'

const tries = 200

/** From kill() of a supervisor to its child's handler. */
export async function measureSignal(): Promise<void> {
  const contenders = [exec, bareScript, ...peers]
  const times = new Map(contenders.map(({ name }) => [name, [] as number[]]))
  takeStamps()
  const all = []
  for (const contender of contenders) {
    const started = await start(contender, [stamp, 'signals'])
    await started.stamped('start')
    takeStamps()
    all.push({ contender, started })
  }
  await sleep(300)
  for (let i = -5; i < tries; i++) {
    for (const { contender, started } of shuffled(all)) {
      const begin = Number(process.hrtime.bigint()) / 1e6
      process.kill(started.pid, 'SIGUSR2')
      await started.stamped('signal')
      const [, end = Number.NaN] = takeStamps()[0] ?? []
      if (i >= 0) times.get(contender.name)?.push(end - begin)
      await sleep(3)
    }
  }
  for (const { started } of all) await started.end()
  printTable(`signal: kill() to the child's handler, ms, N = ${tries}`, [
    ['', 'median', 'minimum', '99 %'],
    ...contenders.map(({ name }) => {
      const samples = times.get(name) ?? []
      return [name, ...[median(samples), minimum(samples), percentile(samples, 0.99)].map(digits)]
    }),
  ])
  printTarget('exec, median', median(times.get(exec.name) ?? []), 0.5, ' ms')
}
