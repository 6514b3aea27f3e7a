import { SupervisorError } from '../lib/errors.ts'

/** Keys and list positions from the top of a file to a value. */
export type Path = readonly (string | number)[]

/** What is wrong with one value or key of a configuration. */
export interface Problem {
  readonly path: Path
  readonly message: string
  /** True when the key, and not its value, is to be pointed at. */
  readonly atKey?: boolean
  /** True when something is missing, which another file might have. */
  readonly isAbsence?: boolean
}

/** Where a text begins; both from 1. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** A problem that has found its place; without a `position` the message says where it is, without a `path` it is about a file as a whole. */
export interface PlacedProblem {
  readonly file: string
  readonly position?: Position
  readonly path?: Path
  readonly message: string
}

/** The error that tells of all problems, one line each, in the order of `files` and from top to bottom: `FILE:LINE:COLUMN: PATH: message`. */
export function invalidConfig(
  problems: readonly PlacedProblem[],
  files: readonly string[],
): SupervisorError {
  const order = new Map(files.map((file, index) => [file, index]))
  const lines = problems
    .toSorted(
      (a, b) =>
        (order.get(a.file) ?? 0) - (order.get(b.file) ?? 0) ||
        (a.position?.line ?? 0) - (b.position?.line ?? 0) ||
        (a.position?.column ?? 0) - (b.position?.column ?? 0),
    )
    .map(({ file, position, path = [], message }) =>
      [
        ...(position ? [`${file}:${position.line}:${position.column}`] : []),
        ...(path.length > 0 ? [formatPath(path)] : []),
        message,
      ]
        .join(': ')
        // What is quoted, a path or a message, may have some.
        .replace(/\s*[\r\n]+\s*/g, ' '),
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
  return JSON.stringify(cut(text))
}

/** Its begin, where it is long. */
export function cut(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}
