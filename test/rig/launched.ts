// Any command as PID 1 of a PID namespace, or as an ordinary process, under any Node.js, with waits as long as slow tests need.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import type { Test } from 'tap'
import { allPids, childrenOf, descendants, environmentOf, type Process } from './proc.ts'
import { asPid1 } from './ringmaster.ts'

/** The test runner adds its own modules to the environment of each Node.js, behind the back of whoever starts one. */
const plain = ['env', '-u', 'NODE_OPTIONS']
/** What is started so dies with the test file that started it. */
const bound = ['setpriv', '--pdeathsig', 'KILL', '--', ...plain]

/** By it the end of a test file finds what is left of what it started. */
const mark = { RINGMASTER_TEST: `${process.pid}` }

/** The environment without what the test runner loads into each Node.js. */
export const plainEnv: NodeJS.ProcessEnv = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^(NODE_|TAP|_TAPJS|RINGMASTER|npm_(lifecycle|package))/i.test(name),
  ),
)

export interface LaunchOptions {
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
  /** Not in a namespace of its own. */
  readonly isOrdinary?: boolean
  /** The file that gets standard error, instead of `output`. */
  readonly stderrFile?: string
}

export interface Launched {
  /** What came on standard output and error so far. */
  readonly output: () => string
  /** The pid, as seen from here, of the command. Waits for its start. */
  pid(): Promise<number>
  /** The first match of `pattern` in the output. Rejects when the command ends without one. */
  match(pattern: RegExp, timeoutMs?: number): Promise<RegExpExecArray>
  /** Sends `signal` to the command. */
  signal(signal: NodeJS.Signals | number): Promise<void>
  /** Resolves with the exit code, or the name of the signal. Rejects after `timeoutMs`. */
  ended(timeoutMs?: number): Promise<number | NodeJS.Signals | null>
}

/** Starts `command`; it is killed when the test ends. */
export function launch(t: Test, command: readonly string[], options: LaunchOptions = {}): Launched {
  const [file = '', ...args] = [...bound, ...(options.isOrdinary ? command : asPid1(command))]
  const stderr = options.stderrFile === undefined ? 'pipe' : openSync(options.stderrFile, 'w')
  const child = spawn(file, args, {
    env: { ...(options.env ?? plainEnv), ...mark },
    cwd: options.cwd ?? '/',
    stdio: ['ignore', 'pipe', stderr],
  })
  if (typeof stderr === 'number') closeSync(stderr)
  let output = ''
  child.stdout?.on('data', (bytes) => (output += bytes))
  child.stderr?.on('data', (bytes) => (output += bytes))
  const exit = once(child, 'exit')
  let isOver = false
  exit.then(
    () => (isOver = true),
    () => (isOver = true),
  )
  t.teardown(async () => {
    if (!isOver) child.kill('SIGKILL')
    await exit.catch(() => {})
  })
  const tell = () => `\n${command.join(' ')}:\n${output.slice(-3000)}`
  const pid = async () => {
    if (options.isOrdinary) return child.pid ?? 0
    return until(() => childrenOf(child.pid ?? 0)[0]?.pid, { timeoutMs: 10_000, tell })
  }
  return {
    output: () => output,
    pid,
    match: (pattern, timeoutMs = 30_000) =>
      until(
        () => {
          const match = pattern.exec(output)
          if (match === null && isOver) throw new Error(`it ended without ${pattern}${tell()}`)
          return match ?? undefined
        },
        { timeoutMs, tell: () => ` for ${pattern}${tell()}` },
      ),
    async signal(signal) {
      process.kill(await pid(), signal)
    },
    async ended(timeoutMs = 30_000) {
      await until(() => isOver || undefined, { timeoutMs, tell: () => ` for its end${tell()}` })
      await closed(child)
      return child.exitCode ?? child.signalCode
    },
  }
}

/** What `look` returns, as soon as that is not undefined. Rejects after `timeoutMs`. */
export async function until<T>(
  look: () => T | undefined | Promise<T | undefined>,
  { timeoutMs = 30_000, everyMs = 5, tell = (): string => '' } = {},
): Promise<T> {
  const end = performance.now() + timeoutMs
  for (;;) {
    const result = await look()
    if (result !== undefined) return result
    if (performance.now() > end) throw new Error(`waited ${timeoutMs} ms in vain${tell()}`)
    await new Promise((resolve) => setTimeout(resolve, everyMs))
  }
}

/** What lives of all that this test file has started, in whatever place. */
export function leftovers(): number[] {
  const text = `RINGMASTER_TEST=${process.pid}`
  return allPids().filter((pid) => environmentOf(pid)?.includes(text))
}

/** The zombies below `pid`. */
export function zombiesOf(pid: number): Process[] {
  return descendants(pid).filter(({ state }) => state === 'Z')
}

/** Its output has been read to the end: a descendant that keeps the pipe open does not hold us up. */
async function closed(child: ChildProcess): Promise<void> {
  const isRead = () => [child.stdout, child.stderr].every((stream) => stream?.readableEnded ?? true)
  await until(() => isRead() || undefined, { timeoutMs: 1000 }).catch(() => {})
}
