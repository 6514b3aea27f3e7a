/** The words of a command line, or why it has none. */
export type CommandLine = { readonly words: readonly string[] } | { readonly problem: string }

const LIST_HINT = 'write a list, or [sh, -c, "..."] for a shell'

// One piece at a time, so that no text can make the matching slow.
const outside =
  /(?<blank>[ \t\r]+)|(?<quote>")|'(?<verbatim>[^']*)'|(?<variable>\$\$|\$\{[^}]*\})|(?<operator>\$\(|[|&;<>()`\n#])|\\(?<escaped>[\s\S])|(?<letter>[^\\'])/y
const inside =
  /(?<quote>")|(?<variable>\$\$|\$\{[^}]*\})|(?<operator>\$\(|`)|\\(?<escaped>[$`"\\\n])|(?<letter>[\s\S])/y

/**
 * Splits a command line into words by the quoting rules of POSIX sh (2.2), and runs nothing: operators, command
 * substitution and comments are a problem, `*`, `~` and `$NAME` are letters. `${...}` and `$$` stay as they are, whole and
 * also between single quotes, for variables are put in later and never split.
 */
export function splitCommandLine(line: string): CommandLine {
  const source = line.trim()
  const words: string[] = []
  let word: string | undefined
  let quoted = false
  for (let index = 0; index < source.length; ) {
    if (source.startsWith('${', index) && !source.includes('}', index)) {
      return { problem: `"\${" has no "}"; write "$$" for a dollar` }
    }
    const pieces: RegExp = quoted ? inside : outside
    pieces.lastIndex = index
    const piece = pieces.exec(source)?.groups
    if (piece === undefined) return { problem: unfinished(source[index]) }
    index = pieces.lastIndex
    const { operator, escaped } = piece
    if (piece['blank'] !== undefined) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else if (operator !== undefined && (operator !== '#' || word === undefined)) {
      return {
        problem: `found ${operatorName(operator)}, which only a shell understands; ${LIST_HINT}`,
      }
    } else {
      if (piece['quote'] !== undefined) quoted = !quoted
      // It joins two lines.
      if (escaped === '\n') continue
      // The dollar is to stay one after variables are put in.
      const letters = escaped === '$' ? '$$' : escaped
      word = (word ?? '') + (letters ?? plainText(piece))
    }
  }
  if (quoted) return { problem: unfinished('"') }
  return { words: word === undefined ? words : [...words, word] }
}

function plainText(piece: Readonly<Record<string, string | undefined>>): string {
  return piece['verbatim'] ?? piece['variable'] ?? piece['letter'] ?? piece['operator'] ?? ''
}

function operatorName(operator: string): string {
  return operator === '\n' ? 'a second line' : `"${operator}"`
}

function unfinished(start: string | undefined): string {
  return start === '\\' ? 'found "\\" at the end' : `found ${start} without its closing ${start}`
}
