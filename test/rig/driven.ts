import { chmodSync, cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { fields } from './exec-helper.ts'
import { root } from './fixtures.ts'
import type { Given } from './rights.ts'
import { asPid1, launch } from './ringmaster.ts'
import { Running } from './running.ts'
import { onTerminal } from './terminal.ts'

/** What test/fixtures/rights-driver.ts is told. */
export interface Drive {
  readonly processes: Readonly<Record<string, Given>>
  readonly dropsSelf?: boolean
  /** In a row, of each process. */
  readonly runs?: number
}

/** What it tells. */
export interface Driven {
  /** Why nothing was started. */
  readonly refused: string | null
  readonly self: { readonly kind: 'dropped' | 'kept'; readonly reason: string | null } | null
  /** /proc/PID/status of each of its threads when the first process is started. */
  readonly threads: readonly string[]
  readonly runs: Readonly<Record<string, readonly DrivenRun[]>>
}

export interface DrivenRun {
  /** `executed`, or what was refused. */
  readonly report: string
  /** `code 0`, `signal 9`. */
  readonly end: string
  /** null: there was nothing to read. */
  readonly stdout: string | null
  readonly stderr: string | null
  /** How many of its tree lived on. */
  readonly left: number
}

export interface DriveSetting {
  /** What starts it, in its place. */
  readonly by?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Where it is installed. */
  readonly folder?: string
  readonly isOnTerminal?: boolean
}

/** A copy that every user can reach; gone when the test file ends. */
const everywhere = install(0o755)

/** Copies what the driver needs into a folder of this mode. */
export function install(mode: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'ringmaster-rights-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  const rig = ['rights', 'specs'].map((name) => `out/test/rig/${name}.js`)
  const native = ['build/ringmaster.node', 'build/ringmaster-exec']
  const driver = 'out/test/fixtures/rights-driver.js'
  for (const part of ['package.json', 'out/src', driver, ...rig, ...native]) {
    cpSync(join(root, part), join(folder, part), { recursive: true })
  }
  chmodSync(folder, mode)
  return folder
}

/** Drives it as PID 1 of a namespace, to its end. */
export async function drive(
  t: Test,
  input: Drive,
  { by = [], env = {}, folder = everywhere, isOnTerminal = false }: DriveSetting = {},
): Promise<Driven & { readonly code: number | null; readonly text: string }> {
  const driver = join(folder, 'out/test/fixtures/rights-driver.js')
  const command = asPid1([...by, process.execPath, driver, JSON.stringify(input)])
  const running = isOnTerminal ? onTerminal(t, command) : launch(t, command, Running, { env })
  const { code, stdout, stderr } = await running.end()
  const last = /^\{"refused".*$/m.exec(stdout)?.[0]
  if (last === undefined) throw new Error(`it told nothing (${code}): ${stdout}${stderr}`)
  return { ...JSON.parse(last), code, text: `${stdout.replace(last, '')}${stderr}` }
}

/** Drives one process, which prints its /proc/self/status, and returns the fields of that. */
export async function statusOf(
  t: Test,
  given: Given,
  setting: DriveSetting & Omit<Drive, 'processes'> = {},
): Promise<Readonly<Record<string, string>>> {
  const { dropsSelf = false, ...rest } = setting
  const web: Given = { command: ['cat', '/proc/self/status'], ...given }
  const { refused, runs } = await drive(t, { processes: { web }, dropsSelf }, rest)
  const [run] = runs['web'] ?? []
  if (refused !== null || run?.report !== 'executed' || run.end !== 'code 0') {
    throw new Error(`${refused} ${JSON.stringify(run)}`)
  }
  return fields(run.stdout ?? '')
}
