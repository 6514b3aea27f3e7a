import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  bareScript,
  benchEnv,
  type Contender,
  exec,
  peers,
  stamp,
  takeStamps,
} from './contenders.ts'
import { digits, median, minimum, printTable, shuffled } from './figures.ts'

const rounds = 40

/** From a child's last instruction to the moment at which the supervisor's parent is told that it ended. */
export async function measureExit(): Promise<void> {
  const contenders = [exec, bareScript, ...peers]
  const times = new Map(contenders.map(({ name }) => [name, [] as number[]]))
  for (let round = -2; round < rounds; round++) {
    for (const contender of shuffled(contenders)) {
      const ms = await timeToEnd(contender)
      if (round >= 0) times.get(contender.name)?.push(ms)
    }
  }
  printTable(`exit: the child's exit to that of the supervisor, ms, N = ${rounds}`, [
    ['', 'median', 'minimum'],
    ...contenders.map(({ name }) => {
      const samples = times.get(name) ?? []
      return [name, digits(median(samples)), digits(minimum(samples))]
    }),
  ])
}

async function timeToEnd(contender: Contender): Promise<number> {
  takeStamps()
  const [file = '', ...args] = contender.wrap([stamp, 'exit'])
  const child = spawn(file, args, { env: benchEnv, stdio: 'ignore' })
  let end = Number.NaN
  child.on('exit', () => {
    end = Number(process.hrtime.bigint()) / 1e6
  })
  const exit = once(child, 'exit')
  let begin: readonly (readonly [string, number, number])[] = []
  while (begin.length === 0) {
    await new Promise((resolve) => setTimeout(resolve, 2))
    begin = takeStamps()
  }
  await new Promise((resolve) => setTimeout(resolve, 20))
  // To the child itself: the way of a signal is measured elsewhere.
  process.kill(begin[0]?.[2] ?? 0, 'SIGUSR2')
  await exit
  return end - (takeStamps().find(([word]) => word === 'exit')?.[1] ?? Number.NaN)
}
