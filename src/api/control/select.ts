import type { InstanceView, ProcessView, View } from '../../core/view.ts'
import { isGlob, matchesGlob, suggest } from '../../lib/names.ts'
import { RequestProblem } from '../../wire/problems.ts'

/** What names stand for: processes of the view, each with those of its instances that are meant. */
export interface Selected {
  readonly process: ProcessView
  readonly instances: readonly InstanceView[]
}

/**
 * What `names` stand for, in the order of the view: processes, instances, groups, globs, or `all`; no name stands for all.
 * Throws `NO_SUCH_NAME` for a name that nothing has.
 */
export function select({ processes, groups }: View, names: readonly string[]): Selected[] {
  const chosen = new Set<ProcessView | InstanceView>()
  for (const name of names.length === 0 ? ['all'] : names) {
    const group = groups.find((one) => one.name === name)
    // Hundreds of names may be given, and each is compared with every instance.
    const isNamed = isGlob(name)
      ? (one: string) => matchesGlob(one, name)
      : (one: string) => one === name
    let isKnown = group !== undefined || name === 'all'
    const choose = (one: ProcessView | InstanceView, isMeant: boolean) => {
      if (!isMeant) return
      isKnown = true
      chosen.add(one)
    }
    for (const process of processes) {
      const isWhole =
        name === 'all' ||
        isNamed(process.name) ||
        (group?.processes.includes(process.name) ?? false)
      choose(process, isWhole)
      for (const one of process.instances) choose(one, isWhole || isNamed(one.name))
    }
    if (!isKnown) throw noSuchName(name)
  }
  return processes.flatMap((process) => {
    const instances = process.instances.filter((one) => chosen.has(one))
    return instances.length > 0 || chosen.has(process) ? [{ process, instances }] : []
  })

  function noSuchName(name: string): RequestProblem {
    const known = [
      ...processes.flatMap((process) => [
        process.name,
        ...process.instances.map((one) => one.name),
      ]),
      ...groups.map((group) => group.name),
    ]
    const near = suggest(name, known)
    const kind = name.includes('.') ? 'instance' : 'process or group'
    const hint = near === undefined ? '' : `; did you mean ${near}?`
    return new RequestProblem('NO_SUCH_NAME', `no such ${kind} ${name}${hint}`)
  }
}
