import { inStartOrder } from '../plan/order.ts'
import type { ProcessSpec } from '../plan/process-spec.ts'
import { isMet, survey } from './dependencies.ts'
import type { Draft } from './draft.ts'
import type { Fact } from './events.ts'
import { groupOf } from './groups.ts'
import type { Instance } from './instance-state.ts'
import * as starts from './run-start.ts'
import * as stops from './run-stop.ts'
import type { Group } from './state.ts'
import { isAtRest, type Step, wake } from './step.ts'

export type Command = Extract<Fact, { readonly type: 'start' | 'stop' | 'restart' | 'send' }>

type Wish = Exclude<Command, { readonly type: 'send' }>

/** Somebody wants something of instances. The newest wish counts, whatever they are doing. In a shutdown nothing is started any more, and all is stopped anyway. */
export function obey(draft: Draft, command: Command): void {
  const named = namedBy(draft, command)
  switch (command.type) {
    case 'start':
    case 'restart':
      if (draft.state.phase === 'running') start(draft, command, named)
      break
    case 'stop':
      if (draft.state.phase === 'running') stop(draft, command, named)
      break
    case 'send':
      send(draft, command, named)
  }
}

/** Who leaves for good is nobody's any more. */
function namedBy({ state }: Draft, { instances }: Command): ReadonlySet<string> {
  const leaving = state.instances.flatMap(({ name, isLeaving }) => (isLeaving ? name : []))
  const named = new Set(instances)
  for (const name of leaving) named.delete(name)
  return named
}

/** What is wanted of a process whose instances are all meant holds for those that come later, too. */
function chart(draft: Draft, meant: ReadonlySet<string>, isWanted: boolean): void {
  const { courses, instances } = draft.state
  const parts = new Set(
    instances.flatMap(({ name, process, isLeaving }) =>
      isLeaving || meant.has(name) ? [] : process,
    ),
  )
  const meantOf = new Set(
    instances.flatMap(({ name, process }) => (meant.has(name) ? process : [])),
  )
  draft.state = {
    ...draft.state,
    courses: courses.map((course) =>
      meantOf.has(course.process) && !parts.has(course.process) ? { ...course, isWanted } : course,
    ),
  }
}

/** What is needed is started too, and what has failed begins anew. */
function start(draft: Draft, command: Wish, named: ReadonlySet<string>): void {
  tell(draft, command)
  const meant = new Set([...named, ...neededBy(draft, named)])
  for (const group of failedGroups(draft, meant)) {
    draft.setGroup(group, { ...group, isFailed: false, recentRestartsMonoMs: [] })
    for (const name of failedOf(draft, group)) meant.add(name)
  }
  chart(draft, meant, true)
  draft.each((instance, spec) => (meant.has(instance.name) ? anew(instance, spec) : instance))
  if (command.type === 'restart') {
    const reason = `restart by ${command.by}`
    // First, so that what depends on them waits for the next run.
    draft.each((instance, spec) =>
      named.has(instance.name) ? replaced(instance, spec, reason, draft) : instance,
    )
  }
  for (const index of inOrder(draft, meant)) {
    const instance = draft.state.instances[index]
    if (instance) draft.replace(index, running(instance, draft.specOf(instance), draft))
  }
  const hasFailed = draft.state.instances.some(({ phase }) => phase === 'failed')
  if (!hasFailed) draft.state = { ...draft.state, firstFailureCode: null }
}

function stop(draft: Draft, command: Command, named: ReadonlySet<string>): void {
  tell(draft, command)
  const reason = `stop by ${command.by}`
  chart(draft, named, false)
  draft.each((instance, spec) =>
    named.has(instance.name) ? stops.stop(instance, spec, draft, { reason }) : instance,
  )
}

function send(
  draft: Draft,
  command: Extract<Command, { readonly type: 'send' }>,
  named: ReadonlySet<string>,
): void {
  if (draft.state.phase === 'ended') return
  tell(draft, command)
  const { signal, to } = command
  for (const { name, live } of draft.state.instances) {
    if (!named.has(name) || live === null || live.pid === null || live.end !== null) continue
    draft.want({ type: 'send', run: live.run, signal, to })
  }
}

/** It runs, or will. */
function running(instance: Instance, spec: ProcessSpec, step: Step): Instance {
  if (instance.phase === 'stopping') return followed(instance)
  if (instance.live !== null || instance.isWaiting) return instance
  // A wait is over that only Ringmaster had in mind.
  if (!isAtRest(instance)) step.want(wake(instance, 'start', null))
  // As if a connection had come.
  return starts.start({ ...instance, awaited: 'connection' }, spec, step)
}

/** Where those that are meant stand among the instances, what is depended on first: a job that is done again is waited for. */
function inOrder({ state }: Draft, meant: ReadonlySet<string>): readonly number[] {
  const ranks = new Map(inStartOrder(state.processes).map(({ name }, rank) => [name, rank]))
  return state.instances
    .flatMap(({ name, process }, index) =>
      meant.has(name) ? { index, rank: ranks.get(process) ?? 0 } : [],
    )
    .toSorted((one, other) => one.rank - other.rank)
    .map(({ index }) => index)
}

/** Its run ends, for another one. A run that has no process yet is as new as one can be. */
function replaced(instance: Instance, spec: ProcessSpec, reason: string, step: Step): Instance {
  return instance.live?.pid == null ? instance : stops.stopToRestart(instance, spec, reason, step)
}

/** Another run comes after the one that ends now. */
function followed(instance: Instance): Instance {
  const { live } = instance
  return live === null ? instance : { ...instance, live: { ...live, isRestartAsked: true } }
}

/** Wanted, and its past failures count for nothing. What is there for whoever connects is ready from now on. */
function anew(instance: Instance, { isOnDemand }: ProcessSpec): Instance {
  const past = { failures: 0, recentRestartsMonoMs: [], wasReady: instance.wasReady || isOnDemand }
  return { ...instance, ...past, isWanted: true, isGivenUp: false }
}

function failedGroups({ state }: Draft, names: ReadonlySet<string>): ReadonlySet<Group> {
  const found = state.instances.flatMap((instance) =>
    names.has(instance.name) ? (groupOf(instance, state.groups) ?? []) : [],
  )
  return new Set(found.filter(({ isFailed }) => isFailed))
}

/** A group fails as one, and so it is started. */
function failedOf({ state }: Draft, { spec }: Group): readonly string[] {
  return state.instances.flatMap(({ name, process, phase }) =>
    phase === 'failed' && spec.processes.includes(process) ? [name] : [],
  )
}

/** The instances at rest, or about to be, that something named waits for, directly or not. */
function neededBy({ state }: Draft, named: ReadonlySet<string>): ReadonlySet<string> {
  const known = survey(state)
  const needed = new Set<string>()
  const isMeant = ({ name }: Instance) => named.has(name) || needed.has(name)
  for (const spec of inStartOrder(state.processes).toReversed()) {
    if (!known.instancesOf(spec.name).some(isMeant)) continue
    for (const dependency of spec.dependsOn) {
      if (isMet(dependency, known)) continue
      for (const instance of known.instancesOf(dependency.process)) {
        const { name, phase, isWanted, isLeaving } = instance
        const isIdle = isAtRest(instance)
          ? phase !== 'succeeded'
          : phase === 'stopping' && !isWanted
        if (isIdle && !isLeaving) needed.add(name)
      }
    }
  }
  return needed
}

function tell(draft: Draft, { type, instances, by, ...more }: Command): void {
  const signal = 'signal' in more ? { signal: more.signal } : {}
  draft.tell({ type: 'command', command: type, instances, by, ...signal })
}
