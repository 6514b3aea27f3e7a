import { inStartOrder } from '../plan/order.ts'
import type { Dependency, ProcessSpec } from '../plan/plan.ts'
import { problemOf } from './probing.ts'
import { isEnough, isReady } from './readiness.ts'
import type { Instance, State } from './state.ts'

/** The processes of a state, in their order, and their instances. */
export interface Survey {
  readonly specs: ReadonlyMap<string, ProcessSpec>
  readonly instances: ReadonlyMap<string, readonly Instance[]>
}

export function survey({ processes, instances }: Pick<State, 'processes' | 'instances'>): Survey {
  const byProcess = new Map<string, Instance[]>(processes.map(({ name }) => [name, []]))
  for (const instance of instances) byProcess.get(instance.process)?.push(instance)
  return { specs: new Map(processes.map((spec) => [spec.name, spec])), instances: byProcess }
}

/** What a start of `spec` has to wait for now: `waiting for db: ready, cache: failed`; null when it has not to wait. Pure. */
export function waitOf(spec: ProcessSpec, known: Survey): string | null {
  const unmet = spec.dependsOn.filter((dependency) => !isMet(dependency, known))
  if (unmet.length === 0) return null
  return `waiting for ${unmet.map((dependency) => describe(dependency, known)).join(', ')}`
}

/** Names of the instances that wait for what can never come by itself: a dependency has failed, or waits in vain itself. Pure. */
export function waitingInVain(known: Survey): ReadonlySet<string> {
  const inVain = new Set<string>()
  for (const { name, dependsOn } of inStartOrder([...known.specs.values()])) {
    const isHopeless = dependsOn.some(
      (dependency) => !isMet(dependency, known) && !canBeMet(dependency, known, inVain),
    )
    if (!isHopeless) continue
    for (const instance of instancesOf(name, known)) {
      if (instance.isWaiting) inVain.add(instance.name)
    }
  }
  return inVain
}

function isMet({ process, condition }: Dependency, known: Survey): boolean {
  const isDone = ({ phase }: Instance) => phase === 'succeeded'
  switch (condition) {
    case 'started':
      return areEnough(process, known, (one) => one.phase === 'running' || isDone(one))
    case 'ready':
      return areEnough(process, known, (one) => isReady(one) || isDone(one))
    case 'succeeded': {
      const instances = instancesOf(process, known)
      return instances.length > 0 && instances.every(isDone)
    }
  }
}

function canBeMet(
  { process, condition }: Dependency,
  known: Survey,
  inVain: ReadonlySet<string>,
): boolean {
  const hasHope = ({ name, phase }: Instance) => phase !== 'failed' && !inVain.has(name)
  return condition === 'succeeded'
    ? instancesOf(process, known).every(hasHope)
    : areEnough(process, known, hasHope)
}

/** The dependency with what is known of it: where nothing is, with what is asked of it. */
function describe({ process, condition }: Dependency, known: Survey): string {
  const [spec, instances] = [known.specs.get(process), instancesOf(process, known)]
  const phases = instances.map(({ phase }) => phase)
  const trouble = (['failed', 'stopped', 'backoff'] as const).find((one) => phases.includes(one))
  const problems = instances.map((one) => spec && problemOf(one, spec))
  const problem = condition === 'succeeded' ? null : problems.find((one) => one)
  return `${process}: ${trouble ?? problem ?? condition}`
}

function areEnough(
  process: string,
  known: Survey,
  counts: (instance: Instance) => boolean,
): boolean {
  const spec = known.specs.get(process)
  return spec !== undefined && isEnough(spec, instancesOf(process, known).filter(counts).length)
}

function instancesOf(process: string, { instances }: Survey): readonly Instance[] {
  return instances.get(process) ?? []
}
