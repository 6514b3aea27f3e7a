import { SupervisorError } from '../lib/errors.ts'

/** Keys and list positions from the top of a file to a value. */
export type Path = readonly (string | number)[]

/** What is wrong with one value or key of a configuration. */
export interface Problem {
  readonly path: Path
  readonly message: string
  /** True when the key, and not its value, is to be pointed at. */
  readonly atKey?: boolean
}

/** Where a text begins; both from 1. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** A problem that has found its place in the file; `path` is '' where it is about the file as a whole. */
export interface PlacedProblem extends Position {
  readonly path: string
  readonly message: string
}

/** The error that tells of all problems of a file, one line each, from top to bottom: `FILE:LINE:COLUMN: PATH: message`. */
export function invalidConfig(file: string, problems: readonly PlacedProblem[]): SupervisorError {
  const lines = problems
    .toSorted((a, b) => a.line - b.line || a.column - b.column)
    .map(({ line, column, path, message }) =>
      [`${file}:${line}:${column}`, ...(path === '' ? [] : [path]), message].join(': '),
    )
  return new SupervisorError('CONFIG_INVALID', [...new Set(lines)].join('\n'))
}

/** `processes.web.args[0]`; a key that is no plain word is quoted. */
export function formatPath(path: Path): string {
  return path
    .map((key, index) => {
      if (typeof key === 'number') return `[${key}]`
      const name = /^[\w-]+$/.test(key) ? key : quote(key)
      return index === 0 ? name : `.${name}`
    })
    .join('')
}

/** The text in quotes on one line, cut where it is long. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text)
}
