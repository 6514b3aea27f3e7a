import { createSuggest, type Suggest } from '../lib/names.ts'
import { type Problem, quote } from './problems.ts'
import { isMap, type UnknownMap } from './shape.ts'

/** Groups that are named as a process, of what is no process, or that share one; what is no group at all is left to the check. */
export function checkGroups(groups: UnknownMap, processes: UnknownMap): readonly Problem[] {
  const groupOf = new Map<string, string>()
  const suggest = createSuggest(Object.keys(processes))
  return Object.entries(groups).flatMap(([group, value]): Problem[] => {
    const path = ['groups', group]
    const members = isMap(value) ? value['processes'] : undefined
    const names = Array.isArray(members) ? members : []
    return [
      ...(Object.hasOwn(processes, group)
        ? [{ path, message: 'a process has this name too', atKey: true }]
        : []),
      ...names.flatMap((name, index): Problem[] => {
        if (typeof name !== 'string') return []
        const at = { path: [...path, 'processes', index] }
        if (!Object.hasOwn(processes, name)) {
          return [{ ...at, message: whyNone(name, suggest), isAbsence: true }]
        }
        const other = groupOf.get(name)
        groupOf.set(name, group)
        if (other === undefined) return []
        const where = other === group ? 'the list' : `group ${quote(other)}`
        return [{ ...at, message: `${quote(name)} is in ${where} already` }]
      }),
    ]
  })
}

/** What there is in place of the process `name`, which there is not. */
export function whyNone(name: string, suggest: Suggest): string {
  const near = suggest(name)
  const problem = `there is no process ${quote(name)}`
  return near === undefined ? problem : `${problem}; did you mean "${near}"?`
}
