import { execFile } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import {
  bareMany,
  benchEnv,
  commandTo,
  controlSocket,
  runControlled,
  stamp,
  stamped,
  takeStamps,
} from './contenders.ts'
import { digits, median, minimum, percentile, printTable, printTarget } from './figures.ts'
import { answered, ask } from './http.ts'
import { lastStart } from './last-start.ts'
import { cpuMicros, footprintOf, inside, type Started, start } from './started.ts'

const rounds = 5
const most = 1000
const child = [stamp, 'signals'] as const
/** What is loaded late is loaded, and its garbage collected. */
const settleMs = 4000
/** Until the garbage of a thousand starts is collected. */
const manySettleMs = 20_000
const statuses = 20

/** What a command took, or a script: time, and CPU of who started the children, in ms. */
interface Taken {
  readonly ms: number
  readonly cpuMs: number
}

interface Figures {
  readonly bare: Taken[]
  readonly scale: Taken[]
  readonly restart: Taken[]
  readonly stop: Taken[]
}

/** A thousand instances by the command line, beside a script that does no more than start as many. */
export async function measureScale(): Promise<void> {
  const figures: Figures = { bare: [], scale: [], restart: [], stop: [] }
  const statusMs: number[] = []
  let instanceKb = Number.NaN
  for (let round = 0; round < rounds; round++) {
    figures.bare.push(await startBare())
    const started = await startOne(false)
    const { pid } = started
    await sleep(settleMs)
    const fewKb = footprintOf(pid).privateDirtyKb
    figures.scale.push(await untilStarted(pid, commandTo('scale', `child=${most}`), most - 1))
    if (round === 0) {
      await sleep(manySettleMs)
      instanceKb = (footprintOf(pid).privateDirtyKb - fewKb) / (most - 1)
    }
    statusMs.push(...(await timeStatuses()))
    figures.restart.push(await untilStarted(pid, commandTo('restart', 'child'), most))
    figures.stop.push(await untilEnded(pid, commandTo('stop', 'child')))
    await started.end()
  }
  print(figures)
  printTarget(`status of ${most}, to the end of the answer, median`, median(statusMs), 40, ' ms')
  printTarget('one more instance', instanceKb, 30, ' KB')
  for (const [name, ms] of await longestWorks()) {
    printTarget(`event loop in one go, ${name}, CPU`, ms, 20, ' ms')
  }
}

function print(figures: Figures): void {
  const msOf = (samples: readonly Taken[]) => samples.map(({ ms }) => ms)
  const cpuOf = (samples: readonly Taken[]) => samples.map(({ cpuMs }) => cpuMs)
  const row = (name: string, samples: readonly Taken[]) => {
    const times = msOf(samples)
    const cells = [median(times), minimum(times), percentile(times, 1), median(cpuOf(samples))]
    return [name, ...cells.map(digits)]
  }
  printTable(`scale: ${most} children, ms, N = ${rounds}`, [
    ['', 'median', 'minimum', 'longest', 'CPU, median'],
    row('bare loop, exec to the last first instruction', figures.bare),
    row('scale, exec of the command to the same', figures.scale),
    row('restart, to the same', figures.restart),
    row('stop, to the exit of the command', figures.stop),
  ])
  const ratio = (samples: readonly Taken[]) => median(msOf(samples)) / median(msOf(figures.bare))
  printTarget(`scale 1 → ${most} ÷ bare loop, medians`, ratio(figures.scale), 1.3, '×')
  printTarget(`restart of ${most} ÷ bare loop, medians`, ratio(figures.restart), 1.5, '×')
  printTarget(`stop of ${most}, median`, median(msOf(figures.stop)), 2000, ' ms')
}

async function startBare(): Promise<Taken> {
  takeStamps()
  const started = await start(stamped(bareMany(most)), child)
  const ms = await lastStart(most)
  const cpuMs = cpuMicros(started.pid) / 1000
  await started.end()
  return { ms, cpuMs }
}

async function startOne(isLookedInto: boolean): Promise<Started> {
  takeStamps()
  const started = await start(runControlled, child, { isLookedInto })
  await started.stamped('start')
  await answered(controlSocket, '/v1/supervisor')
  return started
}

/** From the exec of `command` to the first instruction of the last of so many children of `pid`; waits for the end of the command. */
async function untilStarted(
  pid: number,
  command: readonly string[],
  count: number,
): Promise<Taken> {
  takeStamps()
  const ended = untilEnded(pid, [stamp, 'exec', ...command])
  const ms = await lastStart(count)
  return { ...(await ended), ms }
}

async function untilEnded(pid: number, [file = '', ...args]: readonly string[]): Promise<Taken> {
  const [begin, cpuBefore] = [performance.now(), cpuMicros(pid)]
  await promisify(execFile)(file, args, { env: benchEnv })
  return { ms: performance.now() - begin, cpuMs: (cpuMicros(pid) - cpuBefore) / 1000 }
}

async function timeStatuses(): Promise<readonly number[]> {
  const times: number[] = []
  for (let i = 0; i < statuses; i++) {
    const begin = performance.now()
    const { status } = await ask(controlSocket, '/v1/processes')
    if (status !== 200) throw new Error(`status ${status} of /v1/processes`)
    times.push(performance.now() - begin)
  }
  return times
}

/** The longest work of the event loop without a pause, for each command, in ms of CPU. */
async function longestWorks(): Promise<readonly (readonly [name: string, ms: number])[]> {
  const started = await startOne(true)
  await sleep(settleMs)
  const words = [commandTo('scale', `child=${most}`), commandTo('restart', 'child')]
  const works: [string, number][] = []
  for (const command of [...words, commandTo('status'), commandTo('stop', 'child')]) {
    const begin = now()
    await untilEnded(started.pid, command)
    const within = inside('work').filter(({ endMs }) => endMs >= begin)
    works.push([command[2] ?? '', Math.max(0, ...within.map(({ ms }) => ms))])
  }
  await started.end()
  return works
}

function now(): number {
  return Number(process.hrtime.bigint()) / 1e6
}
