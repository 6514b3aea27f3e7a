import { Check } from '@sinclair/typebox/value'
import { parseEnvText } from '../lib/env-text.ts'
import type { Problem } from './problems.ts'
import { EnvFromSchema } from './process-parts.ts'
import { readText } from './read-text.ts'
import { isMap, type UnknownMap } from './shape.ts'

/** Variables by name; the values are templates in which no dollar means anything. */
export type Variables = Readonly<Record<string, string>>

export interface EnvFiles {
  /** By path. One that is missing, and may be, is not in here. */
  readonly contents: ReadonlyMap<string, Variables>
  readonly problems: readonly Problem[]
}

type EnvFile =
  | { readonly variables: Variables }
  | { readonly reason: string; readonly isMissing: boolean }

/** Reads the files that processes take variables from, each once; what is no list of files is left to the check. */
export function readEnvFiles(processes: UnknownMap): EnvFiles {
  const files = new Map<string, EnvFile>()
  const contents = new Map<string, Variables>()
  const problems: Problem[] = []
  for (const [name, process] of Object.entries(processes)) {
    const envFrom = isMap(process) ? process['envFrom'] : undefined
    if (!Array.isArray(envFrom)) continue
    for (const [index, item] of envFrom.entries()) {
      if (!Check(EnvFromSchema.items, item)) continue
      const { file: path, optional = false } = item
      const file = files.get(path) ?? readEnvFile(path)
      files.set(path, file)
      if ('variables' in file) {
        contents.set(path, file.variables)
      } else if (!(optional && file.isMissing)) {
        const message = `cannot read ${path}: ${file.reason}`
        problems.push({ path: ['processes', name, 'envFrom', index, 'file'], message })
      }
    }
  }
  return { contents, problems }
}

function readEnvFile(path: string): EnvFile {
  const reading = readText(path)
  if ('reason' in reading) return reading
  const parsed = parseEnvText(Buffer.from(reading.text))
  if ('reason' in parsed) return { reason: parsed.reason, isMissing: false }
  const variables = Object.entries(parsed.variables).map(([name, value]) => [
    name,
    value.replaceAll('$', '$$$$'),
  ])
  return { variables: Object.fromEntries(variables) }
}
