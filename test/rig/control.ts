import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { program, type Setting, type Start } from './ringmaster.ts'
import type { Running } from './running.ts'
import { folder, supervise, type TestConfig } from './supervise.ts'
import { patienceMs } from './wait.ts'

/** What a command told. */
export interface Told {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Controlled {
  readonly ringmaster: Running
  readonly socket: string
  /** Runs `ringmaster ARGS` against it. */
  readonly ask: (...args: string[]) => Told
}

/** Starts `ringmaster run` with its socket in a folder of its own. */
export async function control(
  t: Test,
  how: Start,
  config: TestConfig,
  setting: Setting = {},
): Promise<Controlled> {
  const socket = join(folder(t), 'socket')
  const control = { socket, ...(config['control'] as object) }
  const ringmaster = await supervise(t, how, { ...config, control }, setting)
  await ringmaster.until(() => existsSync(socket))
  return { ringmaster, socket, ask: (...args) => command([...args, '--socket', socket]) }
}

/** Runs `ringmaster ARGS` to its end; `by`: what starts it. */
export function command(args: readonly string[], by: readonly string[] = [], env = {}): Told {
  const [file = '', ...rest] = [...by, process.execPath, '--', program, ...args]
  const { PATH = '' } = process.env
  const { status, stdout, stderr } = spawnSync(file, rest, {
    env: { PATH, ...env },
    encoding: 'utf8',
    timeout: patienceMs,
  })
  return { code: status, stdout, stderr }
}
