import { runMany, stamp, takeStamps, unreadStamps } from './contenders.ts'
import { digits, median, minimum, printTable, printTarget } from './figures.ts'
import { start } from './started.ts'

const rounds = 10
const children = 50

/** From TERM to a supervisor with obedient children to its exit: all of them are gone then. */
export async function measureStop(): Promise<void> {
  const times: number[] = []
  for (let round = -1; round < rounds; round++) {
    takeStamps()
    const started = await start(runMany(children), [stamp, 'signals'])
    while (unreadStamps().split('\n').length <= children) {
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    // Until what is loaded late is loaded.
    await new Promise((resolve) => setTimeout(resolve, 1000))
    const begin = performance.now()
    await started.end()
    if (round >= 0) times.push(performance.now() - begin)
  }
  printTable(`stop: TERM to a supervisor of ${children} to its exit, ms, N = ${rounds}`, [
    ['', 'median', 'minimum'],
    ['run', digits(median(times)), digits(minimum(times))],
  ])
  printTarget('run, median', median(times), 60, ' ms')
}
