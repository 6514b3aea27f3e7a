import { setTimeout as sleep } from 'node:timers/promises'
import { runProcesses, stamp } from './contenders.ts'
import { digits, median, percentile, printTable, printTarget } from './figures.ts'
import { answered, ask, freePort } from './http.ts'
import { inside, start } from './started.ts'

const rounds = 30
const instances = 200

/** How long a scrape keeps the event loop in one go, beside what keeps it while there is none. */
export async function measureScrape(): Promise<void> {
  const port = await freePort()
  const processes = { child: { command: [stamp, 'signals'], replicas: instances } }
  const contender = runProcesses(`run of ${instances}`, port, processes)
  const started = await start(contender, [], { isLookedInto: true })
  await answered(port, '/startupz')
  await sleep(3000)
  const works = { scrape: [] as number[], none: [] as number[] }
  const times: number[] = []
  let size = 0
  for (let round = 0; round < rounds; round++) {
    const begin = now()
    size = (await ask(port, '/metrics')).body.length
    const end = now()
    times.push(end - begin)
    // The last of them is noticed a moment later.
    await sleep(20)
    works.scrape.push(longestWork(begin, end + 10))
    // Until there is a new look at /proc.
    await sleep(1100)
    works.none.push(longestWork(end + 200, end + 200 + (end - begin)))
  }
  await started.end()
  const row = (name: string, samples: readonly number[]) => [
    ...[name, digits(samples[0] ?? Number.NaN), digits(median(samples))],
    digits(percentile(samples, 1)),
  ]
  printTable(
    `scrape: of ${instances} instances, ${digits(size / 1000)} KB, ms, N = ${rounds}; less than 1 ms of work counts as none`,
    [
      ['', 'first', 'median', 'longest'],
      row('the whole scrape', times),
      row('most work in one go, CPU', works.scrape),
      row('the same without a scrape', works.none),
    ],
  )
  printTarget('most work in one go', percentile(works.scrape, 1), 10, ' ms')
}

function longestWork(fromMs: number, toMs: number): number {
  const within = inside('work').filter(({ endMs }) => endMs >= fromMs && endMs <= toMs)
  return Math.max(0, ...within.map(({ ms }) => ms))
}

function now(): number {
  return Number(process.hrtime.bigint()) / 1e6
}
