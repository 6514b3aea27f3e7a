import { type Document, LineCounter, parseDocument, type YAMLError } from 'yaml'
import { findPlaces, type Places } from './places.ts'
import type { Path, Position } from './problems.ts'
import { checkStructure, MAX_ALIASES, type TextProblem, tooManyAliases } from './structure.ts'

/** What comes after may go through values by calling itself. */
const MAX_DEPTH = 100
const TOO_DEEP = 'maps and lists are nested too deeply'

/** A file's content as plain values, and where each of them is written. */
export interface Source {
  readonly value: unknown
  /** Where the key or the value of `path` begins; where there is none, the nearest key above. */
  locate(path: Path, atKey: boolean): Position
  readonly spelling: Places['spelling']
  readonly reach: Places['reach']
}

/** Why a text cannot be read. */
export interface SyntaxProblems {
  readonly syntax: readonly (Position & { readonly message: string })[]
}

/** Reads YAML 1.2 (so JSON too), with `<<` merges; or tells all that is wrong with the syntax. */
export function parseSource(text: string): Source | SyntaxProblems {
  const lines = new LineCounter()
  const position = (offset: number): Position => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  const document = parseDocument(text, {
    lineCounter: lines,
    logLevel: 'error',
    merge: true,
    prettyErrors: false,
    // Sets, ordered maps, dates and bytes would be maps without keys to all who read them.
    resolveKnownTags: false,
    schema: 'core',
    stringKeys: true,
    uniqueKeys: false,
  })
  const content = readContent(document)
  if ('problems' in content) {
    return {
      syntax: content.problems.map(({ offset, message }) => ({ ...position(offset), message })),
    }
  }
  const places = findPlaces(document)
  return {
    value: content.value,
    locate: (path, atKey) => position(places.offset(path, atKey)),
    spelling: places.spelling,
    reach: places.reach,
  }
}

function readContent(
  document: Document.Parsed,
): { readonly value: unknown } | { readonly problems: readonly TextProblem[] } {
  // An unknown tag is only a warning there, but its value would not be what was meant.
  const errors = [...document.errors, ...document.warnings]
  if (errors.length > 0) {
    // The parser stumbles over every token that follows it, too.
    const firstUnexpected = errors.find(({ code }) => code === 'UNEXPECTED_TOKEN')
    return {
      problems: errors
        .filter((error) => error.code !== 'UNEXPECTED_TOKEN' || error === firstUnexpected)
        .map((error) => ({ offset: error.pos[0], message: explainSyntax(error) })),
    }
  }
  try {
    const problems = checkStructure(document)
    if (problems.length > 0) return { problems }
    const value: unknown = document.toJS({ maxAliasCount: MAX_ALIASES })
    return isDeeper(value, MAX_DEPTH) ? { problems: [{ offset: 0, message: TOO_DEEP }] } : { value }
  } catch (error) {
    // The parser's word for aliases within aliases, and the engine's for the end of the stack.
    if (error instanceof ReferenceError)
      return { problems: [{ offset: 0, message: tooManyAliases }] }
    if (error instanceof RangeError) return { problems: [{ offset: 0, message: TOO_DEEP }] }
    throw error
  }
}

/** Whether maps and lists are nested in each other more than `depth` times. */
function isDeeper(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return depth === 0 || Object.values(value).some((inner) => isDeeper(inner, depth - 1))
}

function explainSyntax({ code, message }: YAMLError): string {
  switch (code) {
    case 'MULTIPLE_DOCS':
      return 'a second document begins here; allowed: one'
    case 'NON_STRING_KEY':
      return 'found a key that is no string; allowed: strings'
    case 'RESOURCE_EXHAUSTION':
      return TOO_DEEP
    default:
      return message
  }
}
