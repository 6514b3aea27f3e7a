import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** True for a pattern that may match several names: one with `*` or `?`. */
export function isGlob(pattern: string): boolean {
  return /[*?]/.test(pattern)
}

/**
 * The paths below `folder` that match `pattern`, sorted: `*` stands for any letters of a name and `?` for one, but for a dot at its
 * begin. What cannot be listed because it is not there, or is no folder, matches nothing. @throws what `readdir` says else.
 */
export function expandGlob(pattern: string, folder: string): readonly string[] {
  const [first = '', ...rest] = pattern.split('/')
  const start = first === '' ? '/' : folder
  const segments = (first === '' ? rest : [first, ...rest]).filter((segment) => segment !== '')
  let paths: readonly string[] = [start]
  for (const segment of segments) {
    paths = isGlob(segment)
      ? paths.flatMap((path) =>
          namesIn(path)
            .filter((name) => matchesName(name, segment))
            .map((name) => join(path, name)),
        )
      : paths.map((path) => join(path, segment))
  }
  return paths.filter((path) => existsSync(path)).toSorted()
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT' || code === 'ENOTDIR') return []
    throw error
  }
}

/** In time of at most both lengths multiplied, whatever the pattern: only the last star can need another try. */
function matchesName(name: string, pattern: string): boolean {
  if (name.startsWith('.') && !pattern.startsWith('.')) return false
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
