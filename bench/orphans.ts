import { setTimeout as sleep } from 'node:timers/promises'
import { type Contender, exec, peers, run, stamp, takeStamps } from './contenders.ts'
import { digits, median, minimum, printTable, printTarget, shuffled } from './figures.ts'
import { canBePid1, countChildren, cpuMicros, firstChild, start, zombiesOf } from './started.ts'

const orphans = 20_000
const rounds = 3
const settleMs = 2000

interface Outcome {
  /** Zombies 5 ms after the last orphan was made. */
  readonly left: number
  readonly peak: number
  readonly microsPerReap: number
}

/** A storm of double-forked orphans below PID 1. */
export async function measureOrphans(): Promise<void> {
  if (!canBePid1) {
    console.log('\norphans: left out, PID namespaces are not allowed here')
    return
  }
  const contenders = [exec, run, ...peers]
  const outcomes = new Map(contenders.map(({ name }) => [name, [] as Outcome[]]))
  for (let round = 0; round < rounds; round++) {
    for (const contender of shuffled(contenders)) {
      outcomes.get(contender.name)?.push(await storm(contender))
    }
  }
  const figures = (name: string, of: keyof Outcome) =>
    (outcomes.get(name) ?? []).map((outcome) => outcome[of])
  printTable(`orphans: ${orphans} below PID 1, N = ${rounds}`, [
    ['', 'zombies after 5 ms', 'most zombies, median', 'worst', 'CPU µs a reap, median', 'minimum'],
    ...contenders.map(({ name }) => [
      name,
      digits(Math.max(...figures(name, 'left'))),
      digits(median(figures(name, 'peak'))),
      digits(Math.max(...figures(name, 'peak'))),
      digits(median(figures(name, 'microsPerReap'))),
      digits(minimum(figures(name, 'microsPerReap'))),
    ]),
  ])
  for (const { name } of [exec, run]) {
    printTarget(`${name}, zombies after 5 ms, worst`, Math.max(...figures(name, 'left')), 0)
    printTarget(`${name}, most zombies, median`, median(figures(name, 'peak')), 100)
  }
}

async function storm(contender: Contender): Promise<Outcome> {
  takeStamps()
  const before = await start(contender, [stamp, 'storm', `${orphans}`], { isPid1: true })
  await before.stamped('start')
  const { pid } = before
  // What is loaded after the start of the first children has its own figures.
  await sleep(settleMs)
  const command = firstChild(pid)
  const cpuAtStart = cpuMicros(pid)
  process.kill(command, 'SIGUSR2')
  let peak = 0
  let isDone = false
  const done = before.stamped('done').then(() => {
    isDone = true
  })
  while (!isDone) {
    // The command itself is a child too.
    peak = Math.max(peak, countChildren(pid) - 1)
    await sleep(1)
  }
  await done
  const ended = takeStamps().find(([word]) => word === 'done')
  const passed = Number(process.hrtime.bigint()) / 1e6 - (ended?.[1] ?? 0)
  await sleep(Math.max(0, 5 - passed))
  const left = zombiesOf(pid)
  await sleep(200)
  const microsPerReap = (cpuMicros(pid) - cpuAtStart) / orphans
  if (ended?.[2] !== 0) throw new Error(`${ended?.[2]} orphans could not be made`)
  await before.end()
  return { left, peak, microsPerReap }
}
