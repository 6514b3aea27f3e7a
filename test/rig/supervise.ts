import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { alone, type Setting, type Start } from './ringmaster.ts'
import type { Running } from './running.ts'

export interface TestConfig {
  readonly processes: Readonly<Record<string, object>>
  readonly [field: string]: unknown
}

/** Starts `ringmaster run` on `config`. Endpoint and control socket are off, and processes run as whoever runs Ringmaster, where `config` says nothing. */
export function supervise(
  t: Pick<Test, 'teardown'>,
  start: Start,
  config: TestConfig,
  setting: Setting = {},
): Promise<Running> {
  // Who makes a PID namespace without being root is root in it.
  const user = start === alone ? process.getuid?.() : 0
  return start(t, ['run', configuration(t, config)], {
    ...setting,
    env: { TEST_USER: `${user}`, ...setting.env },
  })
}

/** Where its endpoint listens: `http://HOST:PORT`. */
export async function endpoint(ringmaster: Running): Promise<string> {
  const [, url = ''] = await ringmaster.line(/endpoints: (http:\/\/[^/]+)\/livez/)
  return url
}

/** Writes `config` as {@link supervise} wants it; returns its path. JSON is YAML. */
export function configuration(t: Pick<Test, 'teardown'>, config: TestConfig): string {
  const processes = Object.entries(config.processes).map(([name, fields]) => [
    name,
    { securityContext: { runAsUser: '${TEST_USER}' }, ...fields },
  ])
  const path = join(folder(t), 'ringmaster.yaml')
  const text = JSON.stringify({
    http: false,
    control: false,
    ...config,
    processes: Object.fromEntries(processes),
  })
  writeFileSync(path, text)
  return path
}

/** A folder that every user may enter and that is gone after the test. */
export function folder(t: Pick<Test, 'teardown'>): string {
  const path = mkdtempSync(join(tmpdir(), 'ringmaster-test-'))
  chmodSync(path, 0o755)
  t.teardown(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** A process that runs `text` in a shell. */
export function script(text: string, fields: object = {}): object {
  return { command: ['sh', '-c', text.replaceAll('$', '$$$$')], ...fields }
}
