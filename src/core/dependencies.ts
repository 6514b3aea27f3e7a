import { inStartOrder } from '../plan/order.ts'
import type { Dependency, ProcessSpec } from '../plan/plan.ts'
import { isEnough, isReady } from './readiness.ts'
import type { Instance, State } from './state.ts'

type Known = Pick<State, 'processes' | 'instances'>

/** What a start of `spec` has to wait for now: `waiting for db: ready, cache: failed`; null when it has not to wait. Pure. */
export function waitOf(spec: ProcessSpec, state: Known): string | null {
  const unmet = spec.dependsOn.filter((dependency) => !isMet(dependency, state))
  if (unmet.length === 0) return null
  return `waiting for ${unmet.map((dependency) => describe(dependency, state)).join(', ')}`
}

/** Names of the instances that wait for what can never come by itself: a dependency has failed, or waits in vain itself. Pure. */
export function waitingInVain(state: Known): ReadonlySet<string> {
  const inVain = new Set<string>()
  for (const spec of inStartOrder(state.processes)) {
    const isHopeless = spec.dependsOn.some(
      (dependency) => !isMet(dependency, state) && !canBeMet(dependency, state, inVain),
    )
    if (!isHopeless) continue
    for (const { name, isWaiting } of instancesOf(spec.name, state)) {
      if (isWaiting) inVain.add(name)
    }
  }
  return inVain
}

function isMet({ process, condition }: Dependency, state: Known): boolean {
  const instances = instancesOf(process, state)
  const isDone = ({ phase }: Instance) => phase === 'succeeded'
  switch (condition) {
    case 'started':
      return areEnough(process, state, (one) => one.phase === 'running' || isDone(one))
    case 'ready':
      return areEnough(process, state, (one) => isReady(one) || isDone(one))
    case 'succeeded':
      return instances.length > 0 && instances.every(isDone)
  }
}

function canBeMet(
  { process, condition }: Dependency,
  state: Known,
  inVain: ReadonlySet<string>,
): boolean {
  const hasHope = ({ name, phase }: Instance) => phase !== 'failed' && !inVain.has(name)
  return condition === 'succeeded'
    ? instancesOf(process, state).every(hasHope)
    : areEnough(process, state, hasHope)
}

/** The dependency with what is known of it: where nothing is, with what is asked of it. */
function describe({ process, condition }: Dependency, state: Known): string {
  const phases = instancesOf(process, state).map(({ phase }) => phase)
  const trouble = (['failed', 'stopped', 'backoff'] as const).find((one) => phases.includes(one))
  return `${process}: ${trouble ?? condition}`
}

function areEnough(
  process: string,
  state: Known,
  counts: (instance: Instance) => boolean,
): boolean {
  const spec = state.processes.find(({ name }) => name === process)
  return spec !== undefined && isEnough(spec, instancesOf(process, state).filter(counts).length)
}

function instancesOf(process: string, { instances }: Known): readonly Instance[] {
  return instances.filter((instance) => instance.process === process)
}
