import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { buildFolder } from './native.ts'

/** A `ringmaster run` that was started as a child. */
export interface Launched {
  readonly pid: number
  readonly socket: string
  /** Resolves with its exit code (128 + n: a signal ended it), and what it wrote last to stderr. */
  readonly ended: Promise<{ readonly code: number; readonly stderr: string }>
}

export interface LaunchOptions {
  /** Files to run, or what would stand in one. */
  readonly config: string | readonly string[] | object
  /** The environment; not given: our own. */
  readonly env?: NodeJS.ProcessEnv | undefined
  /** What becomes of its output, and so of that of its processes. */
  readonly output: 'inherit' | 'ignore'
}

/** Starts it, with a control socket in a folder of its own that is gone at its end. */
export function launch({ config, env = process.env, output }: LaunchOptions): Launched {
  const folder = mkdtempSync(join(tmpdir(), 'ringmaster-'))
  const socket = join(folder, 'socket')
  const own = join(folder, 'ringmaster.yaml')
  const isFiles = typeof config === 'string' || Array.isArray(config)
  // JSON is YAML. The last file wins.
  const text = JSON.stringify(isFiles ? { control: { socket } } : withSocket(config, socket))
  writeFileSync(own, text, { mode: 0o600 })
  const files = isFiles ? [config, own].flat() : [own]
  const program = join(dirname(buildFolder), 'bin', 'ringmaster')
  const child = spawn(process.execPath, [program, 'run', '--parent', `${process.pid}`, ...files], {
    env,
    stdio: ['ignore', output, 'pipe'],
  })
  return { pid: child.pid ?? 0, socket, ended: awaitEnd(child, folder, output) }
}

function withSocket(config: object, socket: string): object {
  const control = 'control' in config && typeof config.control === 'object' ? config.control : {}
  return { ...config, control: { ...control, socket } }
}

const mostChars = 8192

function awaitEnd(child: ChildProcess, folder: string, output: string): Launched['ended'] {
  let stderr = ''
  child.stderr?.on('data', (bytes: Buffer) => {
    stderr = `${stderr}${bytes}`.slice(-mostChars)
    if (output === 'inherit') process.stderr.write(bytes)
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => {
      rmSync(folder, { recursive: true, force: true })
      resolve({ code: code ?? 128 + (signal === null ? 0 : constants.signals[signal]), stderr })
    })
  })
}
