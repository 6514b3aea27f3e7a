import { createSuggest } from '../lib/names.ts'
import { whyNone } from './groups.ts'
import type { Path, Problem } from './problems.ts'
import { isMap, type UnknownMap } from './shape.ts'

/** A dependency as it is written. */
interface Edge {
  readonly to: string
  readonly path: Path
}

/** Dependencies on nothing, on oneself, and in circles; what is no dependency at all is left to the check. */
export function checkDependencies(processes: UnknownMap): readonly Problem[] {
  const edges = new Map(
    Object.entries(processes).map(([name, process]) => [name, edgesOf(name, process)]),
  )
  const suggest = createSuggest([...edges.keys()])
  const problems = [...edges].flatMap(([name, list]) =>
    list.flatMap(({ to, path }): Problem[] => {
      if (to === name) return [{ path, message: 'it depends on itself', atKey: true }]
      if (edges.has(to)) return []
      return [{ path, message: whyNone(to, suggest), atKey: true, isAbsence: true }]
    }),
  )
  return [...problems, ...circles(edges)]
}

function edgesOf(name: string, process: unknown): readonly Edge[] {
  const written = isMap(process) ? process['dependsOn'] : undefined
  const path = ['processes', name, 'dependsOn']
  if (Array.isArray(written)) {
    return written.flatMap((to, index) =>
      typeof to === 'string' ? [{ to, path: [...path, index] }] : [],
    )
  }
  if (!isMap(written)) return []
  return Object.keys(written).map((to) => ({ to, path: [...path, to] }))
}

/** One problem for each dependency that closes a circle. */
function circles(edges: ReadonlyMap<string, readonly Edge[]>): readonly Problem[] {
  const problems: Problem[] = []
  const entered = new Set<string>()
  for (const start of edges.keys()) {
    // The way from the start to here, and what is left to be tried of each. Not by recursion: a chain may be longer than the stack.
    const way: { readonly name: string; readonly left: Edge[] }[] = []
    const enter = (name: string) => {
      if (entered.has(name)) return
      entered.add(name)
      way.push({ name, left: [...(edges.get(name) ?? [])] })
    }
    enter(start)
    for (let last = way.at(-1); last !== undefined; last = way.at(-1)) {
      const edge = last.left.shift()
      const begin = edge === undefined ? -1 : way.findIndex(({ name }) => name === edge.to)
      if (edge === undefined) way.pop()
      else if (begin < 0) enter(edge.to)
      else if (edge.to !== last.name) {
        const circle = [...way.slice(begin).map(({ name }) => name), edge.to]
        const message = `the processes wait for each other: ${circle.join(' -> ')}`
        problems.push({ path: edge.path, message, atKey: true })
      }
    }
  }
  return problems
}
