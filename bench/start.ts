import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  bareModule,
  bareScript,
  benchEnv,
  type Contender,
  exec,
  execByEntry,
  peers,
  run,
  stamp,
  takeStamps,
} from './contenders.ts'
import { digits, median, minimum, printTable, printTarget, shuffled } from './figures.ts'
import { measureSteps } from './steps.ts'

const rounds = 40
const floor: Contender = { name: 'node -e 0', wrap: () => [process.execPath, '-e', '0'] }

/** From the exec of a supervisor to the first instruction of its child; for the floor, to the exit. */
export async function measureStart(): Promise<void> {
  const contenders = [bareScript, bareModule, exec, execByEntry, run, floor, ...peers]
  const times = new Map(contenders.map(({ name }) => [name, [] as number[]]))
  for (let round = -2; round < rounds; round++) {
    for (const contender of shuffled(contenders)) {
      const ms = contender === floor ? timeToExit(contender) : await timeToChild(contender)
      if (round >= 0) times.get(contender.name)?.push(ms)
    }
  }
  const figures = (name: string) => times.get(name) ?? []
  const bare = bareScript.name
  printTable(`start: exec to the child's first instruction, ms, N = ${rounds}`, [
    ['', 'median', 'minimum', `median ÷ ${bare}`, `minimum ÷ ${bare}`],
    ...contenders.map(({ name }) => [
      name,
      digits(median(figures(name))),
      digits(minimum(figures(name))),
      digits(median(figures(name)) / median(figures(bare))),
      digits(minimum(figures(name)) / minimum(figures(bare))),
    ]),
  ])
  printTarget(
    `run ÷ ${bare}, medians`,
    median(figures(run.name)) / median(figures(bare)),
    1.25,
    '×',
  )
  const entryMs = minimum(figures(execByEntry.name)) - minimum(figures(exec.name))
  printTarget('entry, exec − exec, minima', entryMs, 1, 'ms')
  for (const { name } of [bareScript, bareModule]) {
    const ratio = median(figures(exec.name)) / median(figures(name))
    printTarget(`exec ÷ ${name}, medians`, ratio, 1.15, '×')
  }
  await measureSteps()
}

async function timeToChild(contender: Contender): Promise<number> {
  takeStamps()
  const command = contender.wrap([stamp, 'start'])
  // `run` stays when its child has ended.
  const child = spawn(stamp, ['exec', ...command], { env: benchEnv, stdio: 'ignore' })
  const exit = once(child, 'exit')
  let stamps = takeStamps()
  while (!stamps.some(([word]) => word === 'start')) {
    await new Promise((resolve) => setTimeout(resolve, 2))
    stamps = [...stamps, ...takeStamps()]
  }
  child.kill('SIGTERM')
  await exit
  const at = (wanted: string) => stamps.find(([word]) => word === wanted)?.[1] ?? Number.NaN
  return at('start') - at('exec')
}

function timeToExit(contender: Contender): number {
  takeStamps()
  const command = contender.wrap([])
  spawnSync(stamp, ['exec', ...command], { env: benchEnv, stdio: 'ignore' })
  const end = Number(process.hrtime.bigint()) / 1e6
  return end - (takeStamps()[0]?.[1] ?? Number.NaN)
}
