import { bareMany, type Contender, runMany, stamp, stamped, takeStamps } from './contenders.ts'
import { digits, median, minimum, percentile, printTable, shuffled } from './figures.ts'
import { lastStart } from './last-start.ts'
import { type Inside, inside, start } from './started.ts'

/** How many children, and how often. */
const sizes = [
  [1, 40],
  [50, 10],
  [1000, 2],
] as const

interface Samples {
  readonly spawns: Inside[]
  /** From the exec of who starts them to the first instruction of the last, in ms. */
  readonly wholes: number[]
}

/** What it costs to start a child, and how many of them change that. */
export async function measureSpawn(): Promise<void> {
  for (const [count, rounds] of sizes) {
    const contenders = [bareMany(count), runMany(count)]
    const samples = new Map(
      contenders.map(({ name }): [string, Samples] => [name, { spawns: [], wholes: [] }]),
    )
    for (let round = 0; round < rounds; round++) {
      for (const contender of shuffled(contenders)) {
        const { spawns, wholes } = samples.get(contender.name) ?? { spawns: [], wholes: [] }
        wholes.push(await startAll(contender, count))
        // The guard of `run` is one of them.
        spawns.push(...inside('spawn').slice(0, count))
      }
    }
    printTable(`spawn: ${count} at the start, ms, N = ${rounds}`, [
      ['', 'one spawn: median', 'minimum', 'p99', 'CPU', 'all of them: median', 'minimum'],
      ...[...samples].map(([name, { spawns, wholes }]) => {
        const times = spawns.map(({ ms }) => ms)
        const cpu = median(spawns.map(({ cpuMs }) => cpuMs))
        const figures = [median(times), minimum(times), percentile(times, 0.99), cpu]
        return [name, ...[...figures, median(wholes), minimum(wholes)].map(digits)]
      }),
    ])
  }
}

async function startAll(contender: Contender, count: number): Promise<number> {
  takeStamps()
  const started = await start(stamped(contender), [stamp, 'signals'], { isLookedInto: true })
  const ms = await lastStart(count)
  await started.end()
  return ms
}
