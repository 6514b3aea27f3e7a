import { RE2JS } from 're2js'
import { messageOf } from './errors.ts'

/** A regular expression, which takes time in proportion to the text, whatever both are. */
export interface Pattern {
  /** Whether it matches anywhere in `text`. */
  test(text: string): boolean
}

/**
 * Each step of a match looks at all parts of the pattern that it may be in: with so many, a line of 2 KiB takes some 50 ms at
 * worst, and most take less than 0.1.
 */
const mostInstructions = 100

/** Compiles a pattern in the syntax of RE2, which is that of Go. Throws an Error that says what is wrong with it. */
export function compilePattern(source: string): Pattern {
  const pattern = compile(source)
  const size = pattern.programSize()
  if (size > mostInstructions) {
    throw new Error(
      `found a pattern of ${size} steps; allowed: ${mostInstructions}, with each repetition written out`,
    )
  }
  return pattern
}

function compile(source: string): RE2JS {
  try {
    return RE2JS.compile(source)
  } catch (error) {
    throw new Error(messageOf(error).replace('error parsing regexp: ', ''), { cause: error })
  }
}
