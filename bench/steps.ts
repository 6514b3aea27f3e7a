import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  bareScript,
  benchEnv,
  type Contender,
  codeCacheOf,
  commandTo,
  exec,
  folder,
  root,
  runServed,
  stamp,
  takeStamps,
} from './contenders.ts'
import { digits, median, minimum, printTable, printTarget, shuffled } from './figures.ts'

const rounds = 20
const file = join(folder, 'steps')
const looking = {
  STEPS: file,
  NODE_OPTIONS: `--require ${join(root, 'bench', 'steps.cjs')}`,
}
const port = 19_071

/** Where a process was then. */
interface Step {
  readonly at: number
  readonly cpuMs: number
  readonly modules: number
}

/** What lies between two steps, and the bundle that is loaded there. */
interface Part {
  readonly name: string
  readonly from: string
  readonly to: string
  readonly bundle?: string
}

const boot = { name: 'Node.js itself', from: 'exec', to: 'node' }
const spawnPart = { name: 'the spawn', from: 'node', to: 'turned' }
const parts = {
  nothing: [boot, { name: 'the rest', from: 'node', to: 'exit' }],
  bare: [boot, spawnPart],
  exec: [boot, { ...spawnPart, name: 'its bundle, the spawn', bundle: 'ringmaster' }],
  run: [
    boot,
    { name: 'the first bundle', from: 'node', to: 'commands-begins', bundle: 'ringmaster' },
    { name: 'its core', from: 'commands-begins', to: 'commands', bundle: 'commands' },
    { name: 'configuration, the spawn', from: 'commands', to: 'spawned' },
    { name: 'log, metrics, endpoint', from: 'late-begins', to: 'late', bundle: 'late' },
  ],
  status: [
    boot,
    { name: 'the first bundle', from: 'node', to: 'client-begins', bundle: 'ringmaster' },
    { name: 'the client', from: 'client-begins', to: 'client', bundle: 'client' },
    { name: 'request and answer', from: 'client', to: 'exit' },
  ],
} as const satisfies Record<string, readonly Part[]>

type Path = keyof typeof parts
type Steps = ReadonlyMap<string, Step>

/** The CPU that one takes until a step, beside what another takes. */
const targets: readonly (readonly [Path, string, Path, string, number])[] = [
  ['exec', 'turned', 'bare', 'turned', 1.15],
  ['run', 'spawned', 'bare', 'turned', 1.25],
  ['status', 'exit', 'nothing', 'exit', 1.6],
]

/** What each step of a start takes, and what it loads; when the port accepts; what a client command takes. */
export async function measureSteps(): Promise<void> {
  const served = runServed(port)
  const looks: Record<Path, () => Promise<Steps>> = {
    nothing: () => lookAtEnd(nothing),
    bare: () => lookAt(bareScript, 'turned'),
    exec: () => lookAt(exec, 'turned'),
    run: () => lookAt(served, 'late'),
    status: () => lookAtEnd(commandTo('status')),
  }
  const seen: Record<Path, Steps[]> = { nothing: [], bare: [], exec: [], run: [], status: [] }
  const bareMs: number[] = []
  const acceptMs: number[] = []
  for (let round = 0; round < rounds; round++) {
    for (const path of shuffled(['bare', 'exec', 'run'] as const)) {
      seen[path].push(await looks[path]())
    }
    bareMs.push(timeOf(nothing))
    acceptMs.push(await timeToAccept(served))
  }
  const server = spawnQuiet(served.wrap(['sleep', '1000']))
  await accepting(server)
  for (let round = 0; round < rounds; round++) {
    for (const path of shuffled(['nothing', 'status'] as const)) {
      seen[path].push(await looks[path]())
    }
  }
  await end(server)
  printTable(`start, step by step, minima of ${rounds}, with what it costs to look`, [
    ['', '', 'ms', 'CPU ms', 'modules of Node.js', 'bundle KB', 'code cache KB'],
    ...Object.entries(parts).flatMap(([path, all]) =>
      all.map((part) => row(path, part, seen[path as Path])),
    ),
  ])
  for (const [path, step, beside, itsStep, atMost] of targets) {
    for (const [name, which] of [['minima', minimum] as const, ['medians', median] as const]) {
      const ratio = which(cpuUntil(seen[path], step)) / which(cpuUntil(seen[beside], itsStep))
      printTarget(`${path} ÷ ${beside}, CPU, ${name}`, ratio, atMost, '×')
    }
  }
  printTarget('port accepts ÷ nothing, medians', median(acceptMs) / median(bareMs), 1.3, '×')
  printTarget('port accepts ÷ nothing, minima', minimum(acceptMs) / minimum(bareMs), 1.3, '×')
}

const nothing = [process.execPath, join(root, 'bench', 'nothing.cjs')]

function row(path: string, { name, from, to, bundle }: Part, all: readonly Steps[]) {
  const between = (figure: keyof Step) =>
    all.map((steps) => (steps.get(to)?.[figure] ?? Number.NaN) - (steps.get(from)?.[figure] ?? 0))
  return [
    ...[path, name, digits(minimum(between('at'))), digits(minimum(between('cpuMs')))],
    `${minimum(between('modules'))}`,
    bundle === undefined ? '' : kilobytes(join(root, 'build', `${bundle}.cjs`)),
    bundle === undefined ? '' : kilobytes(codeCacheOf(bundle)),
  ]
}

function cpuUntil(all: readonly Steps[], step: string): readonly number[] {
  return all.map((steps) => steps.get(step)?.cpuMs ?? Number.NaN)
}

/** Looks into a command that ends by itself. */
async function lookAtEnd(command: readonly string[]): Promise<Steps> {
  takeStamps()
  rmSync(file, { force: true })
  spawnSync(stamp, ['exec', ...command], { env: { ...benchEnv, ...looking }, stdio: 'ignore' })
  return stepsSeen()
}

/** Starts a contender that is looked into, and ends it when it is at `last`. */
async function lookAt(contender: Contender, last: string): Promise<Steps> {
  takeStamps()
  rmSync(file, { force: true })
  const command = contender.wrap([stamp, 'signals'])
  const child = spawn(stamp, ['exec', ...command], {
    env: { ...benchEnv, ...looking },
    stdio: 'ignore',
  })
  let steps = new Map<string, Step>()
  for (;;) {
    const isOver = hasEnded(child)
    steps = new Map([...steps, ...stepsSeen()])
    if (steps.has(last) && steps.has('start')) break
    if (isOver) throw new Error(`${command.join(' ')} has ended, and did not get to: ${last}`)
    await sleep(5)
  }
  await end(child)
  return steps
}

function stepsSeen(): Map<string, Step> {
  const steps = new Map<string, Step>()
  for (const [word, at] of takeStamps()) steps.set(word, { at, cpuMs: 0, modules: 0 })
  const lines = existsSync(file) ? readFileSync(file, 'latin1').split('\n').slice(0, -1) : []
  for (const line of lines) {
    const [word = '', ...numbers] = line.split(' ')
    const [at = 0, cpuMs = 0, modules = 0] = numbers.map(Number)
    // The guard is spawned too, after the first child.
    if (!steps.has(word)) steps.set(word, { at, cpuMs, modules })
  }
  return steps
}

async function timeToAccept(contender: Contender): Promise<number> {
  const begin = performance.now()
  const child = spawnQuiet(contender.wrap(['sleep', '1000']))
  await accepting(child)
  const ms = performance.now() - begin
  await end(child)
  return ms
}

async function accepting(server: ChildProcess): Promise<void> {
  while (!(await accepts())) {
    if (hasEnded(server)) throw new Error(`${server.spawnargs.join(' ')} has ended`)
    await sleep(1)
  }
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null
}

function accepts(): Promise<boolean> {
  return new Promise((resolve) => {
    const client = connect(port, '127.0.0.1', () => {
      client.destroy()
      resolve(true)
    })
    client.on('error', () => resolve(false))
  })
}

function timeOf([command = '', ...args]: readonly string[]): number {
  const begin = performance.now()
  spawnSync(command, args, { env: benchEnv, stdio: 'ignore' })
  return performance.now() - begin
}

function spawnQuiet([command = '', ...args]: readonly string[]): ChildProcess {
  return spawn(command, args, { env: benchEnv, stdio: 'ignore' })
}

async function end(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit')
  if (child.exitCode !== null) return
  child.kill('SIGTERM')
  await exit
}

function kilobytes(path: string): string {
  return existsSync(path) ? digits(Math.round(statSync(path).size / 1024)) : '–'
}
