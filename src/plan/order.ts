import type { ProcessSpec } from './process-spec.ts'

/** What a process has to do with others. */
type Dependent = Pick<ProcessSpec, 'name' | 'dependsOn'>

/** The processes in an order in which each comes after those that it depends on; else as they stand. Pure. */
export function inStartOrder<T extends Dependent>(processes: readonly T[]): readonly T[] {
  const byName = new Map(processes.map((process) => [process.name, process]))
  const ordered = new Set<T>()
  const entered = new Set<T>()
  // Not by recursion: a chain may be longer than the stack.
  const waiting = processes.toReversed()
  for (let process = waiting.at(-1); process !== undefined; process = waiting.at(-1)) {
    if (entered.has(process)) {
      ordered.add(process)
      waiting.pop()
    } else {
      entered.add(process)
      const needed = process.dependsOn.flatMap((one) => byName.get(one.process) ?? [])
      waiting.push(...needed.filter((one) => !entered.has(one)).reverse())
    }
  }
  return [...ordered]
}

/** Names of the processes that are started with Ringmaster: those that ask for it, and all that they depend on. Pure. */
export function startedAtOnce(
  processes: readonly (Dependent & Pick<ProcessSpec, 'autoStart'>)[],
): ReadonlySet<string> {
  const started = new Set<string>()
  for (const { name, autoStart, dependsOn } of inStartOrder(processes).toReversed()) {
    if (autoStart) started.add(name)
    if (started.has(name)) for (const { process } of dependsOn) started.add(process)
  }
  return started
}
