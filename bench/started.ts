import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { openSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  benchEnv,
  type Contender,
  folder,
  insideFile,
  insideScript,
  unreadStamps,
} from './contenders.ts'

const namespace = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child', '--']
export const canBePid1 = spawnSync('unshare', [...namespace.slice(1), 'true']).status === 0

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

export interface Started {
  /** Of the contender, as seen from here. */
  readonly pid: number
  /** The file has a line that begins with `word`. */
  stamped(word: string): Promise<void>
  /** Ends it with SIGTERM. */
  end(): Promise<void>
}

export interface StartOptions {
  /** In a namespace of its own. */
  readonly isPid1?: boolean
  /** bench/inside.cjs is loaded into it, for {@link inside}. */
  readonly isLookedInto?: boolean
  /** Its stdout is a pipe that is read by `cat`; else its output is lost. */
  readonly readsOutput?: boolean
}

/** Starts `command` below `contender`. */
export async function start(
  contender: Contender,
  command: readonly string[],
  { isPid1 = false, isLookedInto = false, readsOutput = false }: StartOptions = {},
): Promise<Started> {
  const [file = '', ...args] = [...(isPid1 ? namespace : []), ...contender.wrap(command)]
  const looking = { INSIDE: insideFile, NODE_OPTIONS: `--require ${insideScript}` }
  if (isLookedInto) rmSync(insideFile, { force: true })
  const child = spawn(file, args, {
    env: { ...benchEnv, ...(isLookedInto && looking) },
    stdio: ['ignore', readsOutput ? openReadPipe() : 'ignore', 'ignore'],
  })
  running.add(child)
  child.once('exit', () => running.delete(child))
  const pid = isPid1 ? await childOf(child) : (child.pid ?? 0)
  return {
    pid,
    async stamped(word) {
      const pattern = new RegExp(`^${word} .*\n`, 'm')
      for (let i = 0; !pattern.test(unreadStamps()); i++) {
        if (i > 60_000) throw new Error(`${contender.name}: no "${word}"`)
        await sleep(1)
      }
    },
    async end() {
      const isOver = once(child, 'exit')
      process.kill(pid, 'SIGTERM')
      await isOver
    },
  }
}

/** In ms. */
export interface Inside {
  readonly endMs: number
  readonly ms: number
  /** Of a spawn: of all threads. */
  readonly cpuMs: number
}

/** What bench/inside.cjs has written of one kind: when it ended and how long it took. */
export function inside(kind: 'spawn' | 'work'): readonly Inside[] {
  const lines = readOr('', insideFile).split('\n').slice(0, -1)
  return lines.flatMap((line) => {
    const [word, end, length, cpu] = line.split(' ')
    return word === kind ? [{ endMs: Number(end), ms: Number(length), cpuMs: Number(cpu) }] : []
  })
}

/** The pids of the zombies that `pid` has not reaped. */
export function zombiesOf(pid: number): number {
  return childrenOf(pid).filter((child) => /\) Z /.test(readOr('', `/proc/${child}/stat`))).length
}

/** The first child of `pid`, 0 when it has none. */
export function firstChild(pid: number): number {
  return Number(childrenOf(pid)[0] ?? 0)
}

/** How many children `pid` has, zombies or not: cheap to ask often. */
export function countChildren(pid: number): number {
  return childrenOf(pid).length
}

/** User and system time of all threads of `pid`, in µs. */
export function cpuMicros(pid: number): number {
  return sumOfThreads(pid, 'schedstat', (text) => Number(text.split(' ')[0]) / 1000)
}

/** Voluntary and involuntary context switches of all threads of `pid` so far. */
export function contextSwitches(pid: number): number {
  return sumOfThreads(pid, 'status', (text) =>
    [...text.matchAll(/ctxt_switches:\s+(\d+)/g)].reduce((sum, [, n]) => sum + Number(n), 0),
  )
}

/** What of memory the kernel counts for a process, in KiB. */
export interface Footprint {
  /** What it shares with nobody, and the kernel cannot read anew. */
  readonly privateDirtyKb: number
  /** PSS: its share of each page. */
  readonly shareKb: number
  /** RSS. */
  readonly residentKb: number
}

export function footprintOf(pid: number): Footprint {
  const text = readOr('', `/proc/${pid}/smaps_rollup`)
  const kb = (key: string) => Number(new RegExp(`^${key}: +(\\d+)`, 'm').exec(text)?.[1])
  return { privateDirtyKb: kb('Private_Dirty'), shareKb: kb('Pss'), residentKb: kb('Rss') }
}

function sumOfThreads(pid: number, file: string, read: (text: string) => number): number {
  const threads = readdirSync(`/proc/${pid}/task`)
  return threads.reduce((sum, id) => sum + read(readOr('', `/proc/${pid}/task/${id}/${file}`)), 0)
}

function childrenOf(pid: number): readonly string[] {
  return readOr('', `/proc/${pid}/task/${pid}/children`).match(/\d+/g) ?? []
}

/** The write end of a pipe at whose other end `cat` reads as fast as it can. */
function openReadPipe(): number {
  const path = join(folder, 'pipe')
  rmSync(path, { force: true })
  execFileSync('mkfifo', [path])
  const reader = spawn('sh', ['-c', `exec cat ${path} >/dev/null`], { stdio: 'ignore' })
  running.add(reader)
  reader.once('exit', () => running.delete(reader))
  return openSync(path, 'w')
}

async function childOf(parent: ChildProcess): Promise<number> {
  for (;;) {
    const pid = firstChild(parent.pid ?? 0)
    if (pid > 0) return pid
    await sleep(1)
  }
}

/** Processes and files may not be there yet, or be gone. */
function readOr(otherwise: string, path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ESRCH') return otherwise
    throw error
  }
}
