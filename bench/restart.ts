import { runMany, stamp, takeStamps } from './contenders.ts'
import { digits, median, minimum, percentile, printTable, printTarget } from './figures.ts'
import { start } from './started.ts'

const rounds = 200

/** From SIGKILL to a child after a stable run to the first instruction of the one that takes its place. */
export async function measureRestart(): Promise<void> {
  takeStamps()
  const started = await start(runMany(1), [stamp, 'signals'])
  const times: number[] = []
  let { pid } = await nextStart()
  for (let round = -10; round < rounds; round++) {
    await new Promise((resolve) => setTimeout(resolve, 20))
    const begin = Number(process.hrtime.bigint()) / 1e6
    process.kill(pid, 'SIGKILL')
    const next = await nextStart()
    pid = next.pid
    if (round >= 0) times.push(next.ms - begin)
  }
  await started.end()
  printTable(`restart: SIGKILL of a child to the next one, ms, N = ${rounds}`, [
    ['', 'median', 'p99', 'minimum'],
    ['run', digits(median(times)), digits(percentile(times, 0.99)), digits(minimum(times))],
  ])
  printTarget('run, median', median(times), 8, ' ms')
  printTarget('run, p99', percentile(times, 0.99), 25, ' ms')
}

async function nextStart(): Promise<{ readonly ms: number; readonly pid: number }> {
  for (;;) {
    const stamped = takeStamps().find(([word]) => word === 'start')
    if (stamped) return { ms: stamped[1], pid: stamped[2] }
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}
