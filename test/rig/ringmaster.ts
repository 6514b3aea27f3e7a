import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import tap, { type Test } from 'tap'
import { root } from './fixtures.ts'
import { allPids, descendants, environmentOf, programOf } from './proc.ts'
import { Running } from './running.ts'
import { until } from './wait.ts'

/** The built command line. */
export const program = join(root, 'bin', 'ringmaster')
/** What an image starts in place of Node.js. */
export const entry = join(root, 'build', 'ringmaster-entry')

export interface Setting {
  /** Added to PATH and HOME, which is all that is passed on. */
  readonly env?: Readonly<Record<string, string>>
  /** What starts Node.js, such as a fixture that changes its surroundings; as PID 1 it has to execute it in its place. */
  readonly by?: readonly string[]
  /** Options of Node.js. */
  readonly node?: readonly string[]
  /** Instead of the `ringmaster` in the working copy. */
  readonly program?: string
  /** What is started in place of Node.js with its options and the program, such as {@link entry}. */
  readonly entry?: string
  /** What is opened as the started program's descriptors: stdin (`ignore`), stdout, stderr (`pipe`) … */
  readonly stdio?: readonly ('ignore' | 'pipe')[]
}

export type Start = (
  t: Pick<Test, 'teardown'>,
  args: readonly string[],
  setting?: Setting,
) => Promise<Running>

const isRoot = process.getuid?.() === 0
const namespace = [
  ...['unshare', isRoot ? '--pid' : '-Urp', '--fork', '--mount-proc', '--kill-child'],
  '--',
]

/** Reason to skip what needs a PID namespace. With RINGMASTER_NO_SKIP set there is none: such a test fails. */
export const needsNamespace = unless(
  spawnSync(namespace[0] ?? '', [...namespace.slice(1), 'true']).status === 0,
  'PID namespaces are not allowed here',
)

/** False when `isMet`, else `reason`, for the option `skip` of a test; false also when RINGMASTER_NO_SKIP is set. */
export function unless(isMet: boolean, reason: string): string | false {
  return isMet || process.env['RINGMASTER_NO_SKIP'] ? false : reason
}

/** Starts `ringmaster ARGS` as an ordinary process. */
export const alone: Start = (t, args, setting = {}) =>
  start(t, [...(setting.by ?? []), ...nodeCommand(args, setting)], setting)

/** Starts `ringmaster ARGS` as PID 1 of a namespace that ends with it. */
export const inNamespace: Start = (t, args, setting = {}) =>
  start(t, [...namespace, ...(setting.by ?? []), ...nodeCommand(args, setting)], setting)

/** Both ways, for tests that hold for each. */
export const ways: readonly {
  readonly way: string
  readonly start: Start
  readonly skip: string | false
}[] = [
  { way: 'as PID 1', start: inNamespace, skip: needsNamespace },
  { way: 'as an ordinary process', start: alone, skip: false },
]

/** What starts Node.js as PID 1. */
export function asPid1(command: readonly string[]): readonly string[] {
  return [...namespace, ...command]
}

/** The command `ringmaster ARGS`, under the Node.js of the tests. Up to `--` Node.js takes each `--env-file` for its own, also behind the script. */
export function nodeCommand(args: readonly string[], setting: Setting = {}): readonly string[] {
  if (setting.entry !== undefined) return [setting.entry, ...args]
  return [process.execPath, ...(setting.node ?? []), '--', setting.program ?? program, ...args]
}

/** What everything started by this test file has in its environment. */
const mark = `RINGMASTER_TEST=${process.pid}`
// What was orphaned, or left the process that was started, is found only by its mark.
tap.teardown(() =>
  until(() => !kill(allPids().filter((pid) => environmentOf(pid)?.includes(mark)))),
)

async function start(
  t: Pick<Test, 'teardown'>,
  command: readonly string[],
  setting: Setting,
): Promise<Running> {
  return findRingmaster(launch(t, command, Running, setting))
}

/** Starts `command`. All that comes of it is killed at the end of the test, also of a failed one; what it left to others, at the end of the file. */
export function launch<T extends Running>(
  t: Pick<Test, 'teardown'>,
  command: readonly string[],
  Kind: new (child: ChildProcess) => T,
  { env, stdio = ['ignore', 'pipe', 'pipe'] }: Pick<Setting, 'env' | 'stdio'> = {},
): T {
  const { PATH = '', HOME = '/' } = process.env
  const path = `${dirname(process.execPath)}:${PATH}`
  const variables = { PATH: path, HOME, RINGMASTER_TEST: `${process.pid}`, ...env }
  // By env(1): the test runner adds to what spawn() is given, and would be loaded into Ringmaster too.
  const pairs = Object.entries(variables).map(([name, value]) => `${name}=${value}`)
  const child = spawn('env', ['-i', ...pairs, ...command], { cwd: '/', stdio: [...stdio] })
  const running = new Kind(child)
  t.teardown(async () => {
    const pid = child.pid ?? 0
    if (!running.hasExited) kill([pid, ...descendants(pid).map((process) => process.pid)])
    await until(() => running.hasExited)
  })
  return running
}

/** Waits until Node.js runs in what was started, and takes that for Ringmaster. */
export async function findRingmaster<T extends Running>(running: T): Promise<T> {
  running.pid = await until(() => (running.hasExited ? running.pid : findNode(running.pid)))
  return running
}

const node = realpathSync(process.execPath)

function findNode(pid: number): number | undefined {
  const below = descendants(pid).map((process) => process.pid)
  return [pid, ...below].find((candidate) => programOf(candidate) === node)
}

/** Whether there was any. */
function kill(pids: readonly number[]): boolean {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
  return pids.length > 0
}
