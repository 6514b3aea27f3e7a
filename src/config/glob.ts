import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { errnoOf } from '../lib/errors.ts'
import { isGlob, matchesGlob } from '../lib/names.ts'

/**
 * The paths below `folder` that match `pattern`, sorted: `*` stands for any letters of a name and `?` for one, but for a dot at its
 * begin. What cannot be listed because it is not there, or is no folder, matches nothing, and so does a link that leads nowhere: Kubernetes has them
 * for a moment where a file was taken out of a ConfigMap. @throws what `readdir` says else.
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
            .filter((name) => isVisible(name, segment) && matchesGlob(name, segment))
            .map((name) => join(path, name)),
        )
      : paths.map((path) => join(path, segment))
  }
  return paths.filter(mayExist).toSorted()
}

/** True also for what may not be looked at: who reads it hears why. */
function mayExist(path: string): boolean {
  try {
    statSync(path)
    return true
  } catch (error) {
    return !isAbsence(error)
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if (isAbsence(error)) return []
    throw error
  }
}

function isAbsence(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes(errnoOf(error))
}

/** A dot at the begin of a name has to be written. */
function isVisible(name: string, pattern: string): boolean {
  return !name.startsWith('.') || pattern.startsWith('.')
}
