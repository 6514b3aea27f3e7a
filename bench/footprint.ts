import { setTimeout as sleep } from 'node:timers/promises'
import { bareScript, type Contender, execByEntry, runFootprint } from './contenders.ts'
import { digits, median, printTable, printTarget, shuffled } from './figures.ts'
import { type Footprint, footprintOf, start } from './started.ts'

const rounds = 3
/** Of Circus with one child, measured elsewhere. */
const circusShareMb = 21
/** What is garbage of the start is collected by then. */
const settleMs = 4000
const [few, many] = [100, 500]
/** Until they all run, and their garbage is collected. */
const manySettleMs = 20_000

/** What supervisors share with nobody once they are at rest, and what one more instance takes. */
export async function measureFootprint(): Promise<void> {
  const one = runFootprint(1)
  const contenders = [bareScript, execByEntry, one]
  const seen = new Map(contenders.map(({ name }) => [name, [] as Footprint[]]))
  for (let round = 0; round < rounds; round++) {
    for (const contender of shuffled(contenders)) {
      seen.get(contender.name)?.push(await measure(contender, settleMs))
    }
  }
  const figure = ({ name }: Contender, kind: keyof Footprint) =>
    median((seen.get(name) ?? []).map((footprint) => footprint[kind] / 1024))
  printTable(`footprint with one child, MB, N = ${rounds}`, [
    ['', 'private dirty', 'proportional share', 'resident'],
    ...contenders.map((contender) => [
      contender.name,
      digits(figure(contender, 'privateDirtyKb')),
      digits(figure(contender, 'shareKb')),
      digits(figure(contender, 'residentKb')),
    ]),
  ])
  const dirtyOf = (contender: Contender) => figure(contender, 'privateDirtyKb')
  printTarget('run with endpoint and control socket', dirtyOf(one), 18.2, ' MB')
  printTarget('its proportional share', figure(one, 'shareKb'), 1.5 * circusShareMb, ' MB')
  printTarget(`exec ÷ ${bareScript.name}`, dirtyOf(execByEntry) / dirtyOf(bareScript), 1.1, '×')
  const less = await measure(runFootprint(few), manySettleMs)
  const more = await measure(runFootprint(many), manySettleMs)
  const each = (more.privateDirtyKb - less.privateDirtyKb) / (many - few)
  printTarget('one more idle instance', each, 14, ' KB')
}

async function measure(contender: Contender, afterMs: number): Promise<Footprint> {
  const started = await start(contender, ['sleep', '1000'])
  await sleep(afterMs)
  const footprint = footprintOf(started.pid)
  await started.end()
  return footprint
}
