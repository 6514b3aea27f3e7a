import { setTimeout as sleep } from 'node:timers/promises'
import { bareScript, type Contender, execByEntry, runFootprint } from './contenders.ts'
import { digits, median, printTable, printTarget, shuffled } from './figures.ts'
import { privateDirtyKb, start } from './started.ts'

const rounds = 3
/** What is garbage of the start is collected by then. */
const settleMs = 4000
const [few, many] = [100, 500]
/** Until they all run, and their garbage is collected. */
const manySettleMs = 20_000

/** What supervisors share with nobody once they are at rest, and what one more instance takes. */
export async function measureFootprint(): Promise<void> {
  const one = runFootprint(1)
  const contenders = [bareScript, execByEntry, one]
  const sizes = new Map(contenders.map(({ name }) => [name, [] as number[]]))
  for (let round = 0; round < rounds; round++) {
    for (const contender of shuffled(contenders)) {
      sizes.get(contender.name)?.push((await privateOf(contender, settleMs)) / 1024)
    }
  }
  const figure = ({ name }: Contender) => median(sizes.get(name) ?? [])
  printTable(`footprint: private dirty memory with one child, MB, N = ${rounds}`, [
    ...contenders.map((contender) => [contender.name, digits(figure(contender))]),
  ])
  printTarget('run with endpoint and control socket', figure(one), 18.2, ' MB')
  printTarget(`exec ÷ ${bareScript.name}`, figure(execByEntry) / figure(bareScript), 1.1, '×')
  const [less = 0, more = 0] = [
    await privateOf(runFootprint(few), manySettleMs),
    await privateOf(runFootprint(many), manySettleMs),
  ]
  printTarget('one more idle instance', (more - less) / (many - few), 14, ' KB')
}

async function privateOf(contender: Contender, afterMs: number): Promise<number> {
  const started = await start(contender, ['sleep', '1000'])
  await sleep(afterMs)
  const size = privateDirtyKb(started.pid)
  await started.end()
  return size
}
