/** True for a pattern that may match several names: one with `*` or `?`. */
export function isGlob(pattern: string): boolean {
  return /[*?]/.test(pattern)
}

/** Whether `name` is as `pattern` says: `*` is any text, `?` any character. In time of at most both lengths multiplied, whatever the pattern: only the last star can need another try. */
export function matchesGlob(name: string, pattern: string): boolean {
  let at = 0
  let afterStar = -1
  let tried = 0
  let index = 0
  while (index < name.length) {
    if (pattern[at] === '*') {
      at += 1
      afterStar = at
      tried = index
    } else if (pattern[at] === '?' || pattern[at] === name[index]) {
      at += 1
      index += 1
    } else if (afterStar >= 0) {
      tried += 1
      index = tried
      at = afterStar
    } else {
      return false
    }
  }
  return /^\**$/.test(pattern.slice(at))
}

/** The known word that was most likely meant: at most a quarter of its letters differ (rounded up), whatever the case. Undefined when none is near. */
export function suggest(word: string, known: readonly string[]): string | undefined {
  return createSuggest(known)(word)
}

/** {@link suggest} for many words. Each takes as long as there are known ones, so that after some hundred thousand comparisons there is no suggestion any more. */
export function createSuggest(known: readonly string[]): Suggest {
  let lettersLeft = 10_000_000
  return (word) => {
    // No known word is nearly as long, and the work grows with the length.
    if (word.length > 64) return undefined
    let best: string | undefined
    let bestDistance = Number.POSITIVE_INFINITY
    for (const candidate of known) {
      lettersLeft -= (word.length + 1) * (candidate.length + 1)
      if (lettersLeft < 0) return undefined
      const distance = editDistance(word.toLowerCase(), candidate.toLowerCase())
      if (distance <= Math.ceil(candidate.length / 4) && distance < bestDistance) {
        best = candidate
        bestDistance = distance
      }
    }
    return best
  }
}

/** The known word that may have been meant. */
export type Suggest = (word: string) => string | undefined

/** How many letters must be added, removed, replaced or swapped with their neighbour (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = at(last, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1)
      const swapped =
        i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
          ? at(beforeLast, j - 2) + 1
          : replaced
      row.push(Math.min(at(last, j) + 1, at(row, j - 1) + 1, replaced, swapped))
    }
    beforeLast = last
    last = row
  }
  return at(last, b.length)
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY
}
