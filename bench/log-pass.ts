import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { benchEnv, compile, folder, takeStamps } from './contenders.ts'

/** bench/lines.c, compiled. */
export const linesProgram = compile('lines')
/** The writers wait for it. */
const go = join(folder, 'go')
/** What a supervisor still loads when its children run. */
const settleMs = 800

/** A way from the writers to the reader. */
export interface Way {
  readonly name: string
  /** What is executed so that `writers` of {@link writer} run, with so many lines each. */
  command(writers: number, lines: number): readonly string[]
  /** Where the lines go instead of stdout: one file for each writer. */
  readonly files?: (writer: number) => string
}

/** The command that writes so many lines, as the writer with this number. */
export function writer(id: number | string, lines: number): readonly string[] {
  return [linesProgram, 'write', go, `${id}`, `${lines}`]
}

export interface Passed {
  readonly megabytesPerSecond: number
  /** Of all but the writers and the reader. */
  readonly cpuSecondsPerGigabyte: number
  /** Lines that were torn, lost or out of order. */
  readonly wrongLines: number
}

/** Sends `lines` in all from so many writers along `way`; the first half, while code is still compiled, is not measured. */
export async function pass(way: Way, writers: number, lines: number): Promise<Passed> {
  rmSync(go, { force: true })
  takeStamps()
  const command = way.command(writers, lines / writers)
  const reader = spawn(linesProgram, ['read', `${lines}`, ...command], {
    env: benchEnv,
    stdio: ['ignore', 'ignore', 'ignore'],
  })
  const isOver = once(reader, 'close')
  const endAll = () => {
    for (const pid of [...descendants(reader.pid ?? 0), reader.pid ?? 0]) end(pid)
  }
  process.once('exit', endAll)
  const stamps = new Map<string, { readonly ms: number; readonly number: number }>()
  let started = 0
  const look = () => {
    for (const [word, ms, number] of takeStamps()) {
      if (word === 'start') started += 1
      else stamps.set(word, { ms, number })
    }
  }
  await until(() => {
    look()
    return started === writers
  }, `${way.name}: not all writers have started`)
  await sleep(settleMs)
  const between = descendants(reader.pid ?? 0).filter(isSupervisor)
  const before = cpuMs(between)
  const firstMs = performance.now()
  writeFileSync(go, '')
  if (way.files) {
    const paths = Array.from({ length: writers }, (_, i) => way.files?.(i + 1) ?? '')
    await until(() => sizeOf(paths) === lines * 100, `${way.name}: bytes are missing`)
    stamps.set('first', { ms: firstMs, number: 0 })
    stamps.set('last', { ms: performance.now(), number: await check(paths, lines) })
  } else {
    await until(() => {
      look()
      return stamps.has('last')
    }, `${way.name}: lines are missing`)
  }
  const cpu = cpuMs(between) - before
  endAll()
  process.off('exit', endAll)
  await isOver
  const [first, last] = [stamps.get('first'), stamps.get('last')]
  const bytes = lines * 50
  return {
    megabytesPerSecond: bytes / 1000 / ((last?.ms ?? 0) - (first?.ms ?? 0)),
    cpuSecondsPerGigabyte: (cpu / bytes) * 1e6,
    wrongLines: last?.number ?? lines,
  }
}

/** Of the lines in these files, how many are wrong. Removes them. */
async function check(paths: readonly string[], lines: number): Promise<number> {
  const program = `cat ${paths.join(' ')} | ${linesProgram} check ${lines}`
  await once(spawn('sh', ['-c', program], { env: benchEnv, stdio: 'ignore' }), 'close')
  for (const path of paths) rmSync(path)
  return takeStamps().find(([word]) => word === 'last')?.[2] ?? lines
}

function sizeOf(paths: readonly string[]): number {
  const sizes = paths.map((path) => statSync(path, { throwIfNoEntry: false })?.size ?? 0)
  return sizes.reduce((sum, size) => sum + size, 0)
}

async function until(look: () => boolean, problem: string): Promise<void> {
  const deadlineMs = performance.now() + 60_000
  while (!look()) {
    if (performance.now() > deadlineMs) throw new Error(problem)
    await sleep(20)
  }
}

export function descendants(pid: number): readonly number[] {
  const children = readdirSync('/proc')
    .map(Number)
    .filter((other) => other > 0 && parentOf(other) === pid)
  return children.flatMap((child) => [child, ...descendants(child)])
}

function parentOf(pid: number): number {
  return Number(read(`/proc/${pid}/stat`).split(') ')[1]?.split(' ')[1])
}

/** What stands between the writers and the reader. */
function isSupervisor(pid: number): boolean {
  try {
    const program = readlinkSync(`/proc/${pid}/exe`)
    return program !== linesProgram && !['sh', 'dash', 'bash'].includes(basename(program))
  } catch {
    // It has ended.
    return false
  }
}

/** Of all threads of these processes so far. */
function cpuMs(pids: readonly number[]): number {
  let nanos = 0
  for (const pid of pids) {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      nanos += Number(read(`/proc/${pid}/task/${thread}/schedstat`).split(' ')[0] ?? 0)
    }
  }
  return nanos / 1e6
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    // It has ended.
    return ''
  }
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
