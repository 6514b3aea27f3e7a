import type { ProcessSpec } from '../plan/process-spec.ts'
import type { InstanceChange } from './changes.ts'
import type { Instance, LiveRun } from './instance-state.ts'
import { isReady } from './readiness.ts'
import { enter, isAtRest, type Step, wake } from './step.ts'

/** From the start of a run that ends without a failure to the next start: a command that accepts nobody would be started again and again. */
const paceMs = 1000

/** What such a process waits for. Pure. */
export function describeAwaited({ sockets }: ProcessSpec): string {
  return `waiting for a connection to ${sockets.join(' or ')}`
}

/** Whether the instance is ready, or would be started for whoever connects. Pure. */
export function serves(instance: Instance, { isOnDemand }: ProcessSpec): boolean {
  return isReady(instance) || (isOnDemand && instance.isWanted && !isAtRest(instance))
}

/** The instance is started by the next connection, or by one that waits already; after `last`, a run without a failure, not at once. */
export function awaitConnection(
  instance: Instance,
  spec: ProcessSpec,
  step: Step,
  told: Partial<InstanceChange>,
  last?: LiveRun,
): Instance {
  const { monoMs } = step.at
  const fromMonoMs = (last?.executedMonoMs ?? Number.NEGATIVE_INFINITY) + paceMs
  const isPaused = fromMonoMs > monoMs
  if (isPaused) step.want(wake(instance, 'start', fromMonoMs))
  const awaited = isPaused ? 'pause' : 'connection'
  const waiting = { ...instance, isWaiting: false, awaited } as const
  return enter(waiting, 'pending', step, { ...told, reason: describeAwaited(spec) })
}
