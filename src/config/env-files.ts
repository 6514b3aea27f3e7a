import { parseEnv } from 'node:util'
import { Check } from '@sinclair/typebox/value'
import { type Problem, quote } from './problems.ts'
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
  // A byte order mark is none of the first name.
  const entries = Object.entries(parseEnv(reading.text.replace(/^\uFEFF/, '')))
  for (const [name, value = ''] of entries) {
    // What is no NAME=value line ends up in the next name.
    if (!/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(name))
      return { reason: `${quote(name)} is no name of a variable`, isMissing: false }
    if (value.includes('\0')) return { reason: `${name} holds a NUL character`, isMissing: false }
  }
  const variables = entries.map(([name, value = '']) => [name, value.replaceAll('$', '$$$$')])
  return { variables: Object.fromEntries(variables) }
}
