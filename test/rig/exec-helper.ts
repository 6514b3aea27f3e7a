import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fixture, root } from './fixtures.ts'

// A copy that any user can reach, wherever the clone lies.
const folder = mkdtempSync(join(tmpdir(), 'ringmaster-exec-'))
chmodSync(folder, 0o755)
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
const copy = (path: string, name: string) => {
  copyFileSync(path, join(folder, name))
  return join(folder, name)
}

/** The built exec helper. */
export const helper = copy(join(root, 'build', 'ringmaster-exec'), 'ringmaster-exec')
/** A fixture that any user can run. */
export const shared = (name: string) => copy(fixture(name), name)

const user = ['groups=', 'gid=65534', 'uid=65534', '--']
const isUser = process.getuid?.() !== 0
/** Whether this is a root that may become others: the root of a user namespace often may not. */
export const isRoot = !isUser && spawnSync(helper, [...user, '/bin/true']).status === 0
/** Reason to skip what only root may do. */
export const needsRoot = isRoot ? false : 'needs root: it changes users, groups or capabilities'
/** Reason to skip what is shown as an ordinary user. */
export const needsUser =
  isUser || isRoot ? false : 'needs an ordinary user, or a root that can become one'

/** Puts the command that follows it under an ordinary user; nothing for those who are one. */
export const asUser: readonly string[] = isRoot ? [helper, ...user] : []

export interface Outcome {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
  /** What came on the report descriptor. */
  readonly report: string
}

export interface Setting {
  /** What starts the helper, such as a fixture that changes its surroundings. */
  readonly by?: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  readonly command?: readonly string[]
  readonly cwd?: string
}

/** Runs the exec helper with `report=3` and `options`, and its command (`/bin/true`) to the end. */
export async function run(options: readonly string[], setting: Setting = {}): Promise<Outcome> {
  return ended(start(options, setting))
}

/** As {@link run}, without waiting; for {@link ended}. */
export function start(options: readonly string[], setting: Setting = {}): ChildProcess {
  const [file = '', ...args] = [
    ...[...(setting.by ?? []), helper, 'report=3', ...options],
    ...['--', ...(setting.command ?? ['/bin/true'])],
  ]
  return spawn(file, args, {
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    env: setting.env ?? process.env,
    cwd: setting.cwd ?? '/',
  })
}

/** The outcome of `child`, when it has ended and its output too. */
export async function ended(child: ChildProcess): Promise<Outcome> {
  const texts = ['', '', '', '']
  for (const fd of [1, 2, 3]) {
    child.stdio[fd]?.on('data', (bytes: Buffer) => {
      texts[fd] += bytes.toString()
    })
  }
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>(
    (resolve, reject) => {
      child.once('error', reject).once('close', (...end) => resolve(end))
    },
  )
  const [, stdout = '', stderr = '', report = ''] = texts
  return { code, signal, stdout, stderr, report }
}

/** The fields of `/proc/PID/status`, or of what the fixture `show` prints. */
export function fields(text: string): Readonly<Record<string, string>> {
  const pairs = text.matchAll(/^(\w+)[:=][ \t]*(.*?)[ \t]*$/gm)
  return Object.fromEntries([...pairs].map(([, key = '', value = '']) => [key, value]))
}

/** The status of this very process. */
export const ownStatus = () => fields(readFileSync('/proc/self/status', 'utf8'))

/** From `/proc/PID/stat`; the name in it may hold blanks, so the rest counts from its closing bracket. */
export function stat(text: string) {
  const rest = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const at = (field: number) => Number(rest[field - 3])
  return {
    pid: Number.parseInt(text, 10),
    parent: at(4),
    group: at(5),
    session: at(6),
    terminal: at(7),
    foreground: at(8),
    nice: at(19),
  }
}
