import { dirname, isAbsolute, join, resolve } from 'node:path'
import { Check } from '@sinclair/typebox/value'
import { messageOf } from '../lib/errors.ts'
import { isGlob } from '../lib/names.ts'
import { expandGlob } from './glob.ts'
import type { PlacedProblem, Problem } from './problems.ts'
import { type Reading, readText, type TextRead } from './read-text.ts'
import { resolveValues } from './resolve.ts'
import { ConfigSchema } from './schema.ts'
import { isMap } from './shape.ts'
import { parseSource, type Source } from './source.ts'
import type { Variables } from './variables.ts'

/** Most files that are read, each as often as it is included. */
const MAX_FILES = 1000

/** What one file says, each value in the form that the schema describes, where it can be. */
export interface Layer {
  /** As errors name it. */
  readonly file: string
  /** Without what only the file itself needs: `include`, unless it is wrong, and `x-…` keys. */
  readonly value: unknown
  /** What stands in the file. */
  readonly text: string
  /** Of variables and command lines. */
  readonly problems: readonly Problem[]
  readonly source: Source
}

export interface Layers {
  /** From weak to strong: a file comes after those that it includes. */
  readonly layers: readonly Layer[]
  /** All files, in the order in which they were reached. */
  readonly files: readonly string[]
  /** Files that cannot be read, and what is wrong with their syntax; these are missing in `layers`. */
  readonly problems: readonly PlacedProblem[]
}

/** A file by its name, and how it is read. */
export interface GivenFile {
  readonly file: string
  readonly read: (path: string) => Reading
}

/** A file that was read. */
export interface FileText {
  readonly file: string
  readonly text: string
}

interface OpenFile {
  readonly file: string
  readonly identity: string
}

/** Reads files and all that they include. */
export function readLayers(given: readonly GivenFile[], variables: Variables): Layers {
  const layers: Layer[] = []
  const files: string[] = []
  const problems: PlacedProblem[] = []
  for (const { file, read } of given) {
    const reading = readFile(file, read)
    if ('text' in reading) {
      addFile(file, reading, [])
    } else {
      files.push(file)
      problems.push({ file, message: `cannot read ${file}: ${reading.reason}` })
    }
  }
  return { layers, files, problems }

  /** `chain`: the files that include it, outermost first. */
  function addFile(file: string, { text, identity }: TextRead, chain: readonly OpenFile[]): void {
    files.push(file)
    const source = parseSource(text)
    if ('syntax' in source) {
      problems.push(
        ...source.syntax.map(({ message, ...position }) => ({ file, position, message })),
      )
      return
    }
    const { spelling, value: written } = source
    const folder = dirname(resolve(file))
    const resolved = resolveValues(ConfigSchema, withoutExtensions(written), {
      variables,
      folder,
      spelling,
    })
    const { value, includes } = takeIncludes(resolved.value)
    const unusable = new Set(resolved.problems.map(({ path: [key, index] }) => `${key} ${index}`))
    for (const [index, entry] of includes.entries()) {
      if (unusable.has(`include ${index}`)) continue
      const path = ['include', index]
      for (const message of include(entry, file, [...chain, { file, identity }])) {
        problems.push({ file, position: source.locate(path, false), path, message })
      }
    }
    layers.push({ file, value, text, problems: resolved.problems, source })
  }

  /** Adds the files that `entry` of `by` means; tells why any cannot be. */
  function include(entry: string, by: string, chain: readonly OpenFile[]): readonly string[] {
    if (entry.includes('**')) return ['"**" is not supported; write a pattern for each depth']
    const paths = pathsOf(entry, dirname(by))
    if (typeof paths === 'string') return [`cannot list ${entry}: ${paths}`]
    return paths.flatMap((path) => {
      if (files.length >= MAX_FILES) return [`there are more than ${MAX_FILES} files`]
      const reading = readFile(path, readText)
      if ('reason' in reading) return [`cannot include ${path}: ${reading.reason}`]
      if (chain.some(({ identity }) => identity === reading.identity)) {
        const names = [...chain.map(({ file }) => file), path]
        return [`cannot include ${path}: it includes itself: ${names.join(' -> ')}`]
      }
      addFile(path, reading, chain)
      return []
    })
  }
}

function readFile(path: string, read: GivenFile['read']): Reading {
  return path.endsWith('.j2')
    ? { reason: 'templates (.j2) are not yet supported', isMissing: false }
    : read(path)
}

/** Top-level `x-…` keys are the user's own, for anchors. */
function withoutExtensions(value: unknown): unknown {
  return isMap(value)
    ? Object.fromEntries(Object.entries(value).filter(([key]) => !key.startsWith('x-')))
    : value
}

/** What is no list of paths stays, for the check to find. */
function takeIncludes(value: unknown): {
  readonly value: unknown
  readonly includes: readonly string[]
} {
  if (!isMap(value)) return { value, includes: [] }
  const { include, ...others } = value
  const schema = ConfigSchema.properties.include
  return Check(schema, include) ? { value: others, includes: include } : { value, includes: [] }
}

/** The files of one entry, by names like that of the file in which it stands; or why they are not known. */
function pathsOf(entry: string, folder: string): readonly string[] | string {
  if (!isGlob(entry)) return [isAbsolute(entry) ? entry : join(folder, entry)]
  try {
    return expandGlob(entry, folder)
  } catch (error) {
    return messageOf(error)
  }
}
