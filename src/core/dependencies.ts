import { inStartOrder } from '../plan/order.ts'
import type { Dependency, ProcessSpec } from '../plan/process-spec.ts'
import { lookUpSpecs } from './course.ts'
import type { Instance } from './instance-state.ts'
import { serves } from './on-demand.ts'
import { problemOf } from './probing.ts'
import { isEnough } from './readiness.ts'
import type { State } from './state.ts'

/** Where processes and their instances are looked up. */
export interface Known {
  readonly processes: readonly ProcessSpec[]
  specOf(process: string): ProcessSpec | undefined
  instancesOf(process: string): readonly Instance[]
  /** Whether it is ready, or would be started for whoever connects, by the spec that it has. */
  serves(instance: Instance): boolean
}

type Source = Pick<State, 'processes' | 'courses' | 'instances'>

/** For a question or two. */
export function lookUp(source: Source): Known {
  const { processes, instances } = source
  return {
    processes,
    specOf: (name) => processes.find((spec) => spec.name === name),
    instancesOf: (name) => instances.filter(({ process }) => process === name),
    serves: servesIn(source),
  }
}

/** For many questions. */
export function survey(source: Source): Known {
  const { processes, instances } = source
  const specs = new Map(processes.map((spec) => [spec.name, spec]))
  const byProcess = new Map<string, Instance[]>(processes.map(({ name }) => [name, []]))
  for (const instance of instances) byProcess.get(instance.process)?.push(instance)
  return {
    processes,
    specOf: (name) => specs.get(name),
    instancesOf: (name) => byProcess.get(name) ?? [],
    serves: servesIn(source),
  }
}

function servesIn(source: Source): Known['serves'] {
  const specOf = lookUpSpecs(source)
  return (instance) => {
    const spec = specOf(instance)
    return spec !== undefined && serves(instance, spec)
  }
}

/** What a start of `spec` has to wait for now: `waiting for db: ready, cache: failed`; null when it has not to wait. Pure. */
export function waitOf(spec: ProcessSpec, known: Known): string | null {
  const unmet = spec.dependsOn.filter((dependency) => !isMet(dependency, known))
  if (unmet.length === 0) return null
  return `waiting for ${unmet.map((dependency) => describe(dependency, known)).join(', ')}`
}

/** Names of the instances that wait for what can never come by itself: a dependency has failed, or waits in vain itself. Pure. */
export function waitingInVain(known: Known): ReadonlySet<string> {
  const inVain = new Set<string>()
  for (const { name, dependsOn } of inStartOrder(known.processes)) {
    const isHopeless = dependsOn.some(
      (dependency) => !isMet(dependency, known) && !canBeMet(dependency, known, inVain),
    )
    if (!isHopeless) continue
    for (const instance of known.instancesOf(name)) {
      if (instance.isWaiting) inVain.add(instance.name)
    }
  }
  return inVain
}

/** Whether a dependency is there now. Pure. */
export function isMet({ process, condition }: Dependency, known: Known): boolean {
  const isDone = ({ phase }: Instance) => phase === 'succeeded'
  switch (condition) {
    case 'started':
      return areEnough(process, known, (one) => {
        return one.phase === 'running' || isDone(one) || known.serves(one)
      })
    case 'ready':
      return areEnough(process, known, (one) => known.serves(one) || isDone(one))
    case 'succeeded': {
      const instances = known.instancesOf(process)
      return instances.length > 0 && instances.every(isDone)
    }
  }
}

function canBeMet(
  { process, condition }: Dependency,
  known: Known,
  inVain: ReadonlySet<string>,
): boolean {
  const hasHope = ({ name, phase }: Instance) => phase !== 'failed' && !inVain.has(name)
  return condition === 'succeeded'
    ? known.instancesOf(process).every(hasHope)
    : areEnough(process, known, hasHope)
}

/** The dependency with what is known of it: where nothing is, with what is asked of it. */
function describe({ process, condition }: Dependency, known: Known): string {
  const [spec, instances] = [known.specOf(process), known.instancesOf(process)]
  const phases = instances.map(({ phase }) => phase)
  const trouble = (['failed', 'stopped', 'backoff'] as const).find((one) => phases.includes(one))
  const problems = instances.map((one) => spec && problemOf(one, spec))
  const problem = condition === 'succeeded' ? null : problems.find((one) => one)
  return `${process}: ${trouble ?? problem ?? condition}`
}

function areEnough(
  process: string,
  known: Known,
  counts: (instance: Instance) => boolean,
): boolean {
  const spec = known.specOf(process)
  if (spec === undefined) return false
  return isEnough(spec, known.instancesOf(process).filter(counts).length)
}
