import type { ProcessSpec } from '../plan/plan.ts'
import type { Draft } from './draft.ts'
import * as starts from './run-start.ts'
import * as stops from './run-stop.ts'
import { createInstance, type Instance } from './state.ts'
import { isAtRest } from './step.ts'

/** There are to be so many instances of `process`; what cannot be is not asked for. */
export function scale(draft: Draft, process: string, replicas: number, by?: string): void {
  const { phase, processes } = draft.state
  const spec = processes.find(({ name }) => name === process)
  if (phase !== 'running' || spec === undefined || spec.replicas === replicas) return
  if (!Number.isInteger(replicas) || replicas < 0 || replicas > spec.mostReplicas) return
  const { replicas: previous } = spec
  const scaled = { ...spec, replicas }
  draft.state = { ...draft.state, processes: processes.with(processes.indexOf(spec), scaled) }
  draft.tell({ type: 'scale', process, replicas, previous, ...(by !== undefined && { by }) })
}

/** Makes instances that are missing, and has those go that are too many. */
export function matchReplicas(draft: Draft): void {
  dismissGone(draft)
  if (draft.state.phase !== 'running') return
  const counts = new Map<string, number>()
  for (const { process } of draft.state.instances) {
    counts.set(process, (counts.get(process) ?? 0) + 1)
  }
  for (const spec of draft.state.processes) {
    if ((counts.get(spec.name) ?? 0) !== spec.replicas) match(draft, spec)
  }
}

/** What leaves and has ended is no more. */
function dismissGone(draft: Draft): void {
  const isGone = (one: Instance) => one.isLeaving && isAtRest(one)
  const gone = draft.state.instances.filter(isGone)
  if (gone.length === 0) return
  const instances = draft.state.instances.filter((one) => !isGone(one))
  draft.state = { ...draft.state, instances }
  for (const { name, process } of gone) {
    draft.want({ type: 'forget', instance: name })
    draft.tell({ type: 'departure', process, instance: name })
  }
}

/** What leaves keeps its place until it has ended: it may still have a port. */
function match(draft: Draft, spec: ProcessSpec): void {
  const all = draft.state.instances.filter(({ process }) => process === spec.name)
  const staying = all.filter(({ isLeaving }) => !isLeaving)
  if (staying.length > spec.replicas) {
    const leaving = staying.slice(spec.replicas).map(({ name }) => name)
    retire(draft, leaving, 'scale')
  } else if (all.length < spec.replicas) {
    add(draft, spec, spec.replicas - all.length)
  }
}

/** The instances of these names are stopped for good. */
function retire(draft: Draft, names: readonly string[], reason: string): void {
  const leaving = new Set(names)
  draft.each((instance, spec) =>
    leaving.has(instance.name)
      ? stops.stop({ ...instance, isLeaving: true }, spec, draft, { reason })
      : instance,
  )
  dismissGone(draft)
}

/** Makes so many instances, each with the lowest number that is free, and starts them where the process is wanted. */
function add(draft: Draft, spec: ProcessSpec, count: number): void {
  const { instances, processes, courses } = draft.state
  const isWanted = courses.some((course) => course.process === spec.name && course.isWanted)
  const taken = new Set(
    instances.flatMap(({ process, number }) => (process === spec.name ? number : [])),
  )
  const added = new Set<string>()
  const made: Instance[] = []
  for (let number = 1; made.length < count; number += 1) {
    if (taken.has(number)) continue
    const instance = createInstance(spec, number, isWanted)
    made.push(instance)
    added.add(instance.name)
  }
  const places = new Map(processes.map(({ name }, place) => [name, place]))
  const placeOf = ({ process }: Instance) => places.get(process) ?? 0
  draft.state = {
    ...draft.state,
    instances: [...instances, ...made].sort(
      (a, b) => placeOf(a) - placeOf(b) || a.number - b.number,
    ),
  }
  if (!isWanted) return
  draft.each((instance, own) =>
    added.has(instance.name) ? starts.start(instance, own, draft) : instance,
  )
}
