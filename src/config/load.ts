import { closeSync, openSync, readSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { Check } from '@sinclair/typebox/value'
import { SupervisorError } from '../lib/errors.ts'
import { formatPath, invalidConfig, type Problem } from './problems.ts'
import { resolveValues } from './resolve.ts'
import { type Config, ConfigSchema, type ProcessConfig } from './schema.ts'
import { isMap } from './shape.ts'
import { parseSource } from './source.ts'
import type { Environment } from './variables.ts'

/** Longest file that is read. */
const MAX_BYTES = 1024 * 1024

/** Reads and checks one file; variables come from `env`. @throws SupervisorError CONFIG_INVALID with one line for each thing that is wrong. */
export async function loadConfig(
  path: string,
  { env }: { readonly env: Environment },
): Promise<Config> {
  return parseConfig(readConfigFile(path), path, { env })
}

/** The same for a text; `path` is the file it came from: errors name it, and relative paths start at its folder. */
export async function parseConfig(
  text: string,
  path: string,
  { env }: { readonly env: Environment },
): Promise<Config> {
  const source = parseSource(text, path)
  const { value, problems } = resolveValues(
    ConfigSchema,
    withoutExtensions(source.value),
    env,
    source.spelling,
  )
  if (problems.length === 0 && Check(ConfigSchema, value)) return placeFolders(value, path)
  const { explain } = await import('./explain.ts')
  const known = new Set(problems.map((problem) => formatPath(problem.path)))
  const all: Problem[] = [
    ...problems,
    // What a variable without a value leaves behind is no second problem.
    ...explain(ConfigSchema, value).filter((problem) => !known.has(formatPath(problem.path))),
  ]
  throw invalidConfig(
    path,
    all.map(({ path, message, atKey = false }) => ({
      ...source.locate(path, atKey),
      path: formatPath(path),
      message,
    })),
  )
}

/** Top-level `x-…` keys are the user's own, for anchors. */
function withoutExtensions(value: unknown): unknown {
  return isMap(value)
    ? Object.fromEntries(Object.entries(value).filter(([key]) => !key.startsWith('x-')))
    : value
}

function placeFolders(config: Config, path: string): Config {
  // workingDir is a template, so a dollar in the folder's own name is written twice.
  const folder = dirname(resolve(path)).replaceAll('$', '$$$$')
  const place = (process: ProcessConfig): ProcessConfig =>
    process.workingDir === undefined
      ? process
      : { ...process, workingDir: resolve(folder, process.workingDir) }
  const processes = Object.entries(config.processes).map(([name, process]) => [
    name,
    place(process),
  ])
  return { ...config, processes: Object.fromEntries(processes) }
}

function readConfigFile(path: string): string {
  if (path.endsWith('.j2')) throw unreadable(path, 'templates (.j2) are not yet supported')
  const buffer = Buffer.allocUnsafe(MAX_BYTES + 1)
  let length = 0
  try {
    const fd = openSync(path, 'r')
    try {
      // A pipe gives less than was asked for, and its size is not known before.
      for (let read = -1; read !== 0 && length <= MAX_BYTES; length += read) {
        read = readSync(fd, buffer, length, buffer.length - length, null)
      }
    } finally {
      closeSync(fd)
    }
  } catch (cause) {
    throw unreadable(path, whyUnreadable(cause), cause)
  }
  if (length > MAX_BYTES) throw unreadable(path, `it is longer than ${MAX_BYTES} bytes`)
  return buffer.toString('utf8', 0, length)
}

function whyUnreadable(cause: unknown): string {
  switch (cause instanceof Error && 'code' in cause ? cause.code : undefined) {
    case 'ENOENT':
      return 'there is no such file'
    case 'EISDIR':
      return 'it is a directory; name a file in it'
    case 'EACCES':
      return 'reading it is not permitted'
    default:
      return String(cause)
  }
}

function unreadable(path: string, reason: string, cause?: unknown): SupervisorError {
  return new SupervisorError('CONFIG_INVALID', `cannot read ${path}: ${reason}`, { cause })
}
