import { formatPath, type Path } from './problems.ts'
import { isMap } from './shape.ts'

/** How deep differences are named: `processes.web.command`. */
const mostKeys = 3

/** Paths at which two configurations differ, in order; of a process not deeper than its fields. Pure. */
export function differences(before: unknown, after: unknown, path: Path = []): readonly string[] {
  if (isMap(before) && isMap(after) && path.length < mostKeys) {
    const keys = new Set([...Object.keys(before), ...Object.keys(after)])
    return [...keys].flatMap((key) =>
      differences(valueAt(before, key), valueAt(after, key), [...path, key]),
    )
  }
  return isSame(before, after) ? [] : [formatPath(path)]
}

/** Whether two values of plain data are the same. */
export function isSame(one: unknown, other: unknown): boolean {
  if (isMap(one) && isMap(other)) {
    const keys = Object.keys(one)
    return (
      keys.length === Object.keys(other).length &&
      keys.every((key) => Object.hasOwn(other, key) && isSame(one[key], other[key]))
    )
  }
  if (Array.isArray(one) && Array.isArray(other)) {
    return one.length === other.length && one.every((item, index) => isSame(item, other[index]))
  }
  return Object.is(one, other)
}

function valueAt(map: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(map, key) ? map[key] : undefined
}
