import type { ExitStatus } from '../lib/exit-codes.ts'
import type { ProcessSpec } from '../plan/plan.ts'
import type { Cause, Phase, SupervisorPhase } from './messages.ts'
import type { Instance, State } from './state.ts'

/** What the world may know: read by `/readyz`, `/metrics` and later `status`. */
export interface View {
  readonly phase: SupervisorPhase
  /** Every process is ready, and no shutdown has begun. */
  readonly isReady: boolean
  /** Every process has been ready once. */
  readonly isStarted: boolean
  readonly processes: readonly ProcessView[]
}

export interface ProcessView {
  readonly name: string
  readonly isReady: boolean
  /** It has been ready once. */
  readonly isStarted: boolean
  readonly instances: readonly InstanceView[]
}

export interface InstanceView {
  readonly name: string
  readonly number: number
  readonly phase: Phase
  readonly isReady: boolean
  readonly pid: number | null
  readonly restarts: number
  /** Unix time in ms at which the live run was spawned. */
  readonly startedAtMs: number | null
  readonly last: { readonly cause: Cause; readonly status: ExitStatus | null } | null
}

/** Pure; the queue keeps the result of the last state. */
export function view(state: State): View {
  const processes = state.processes.map((spec) =>
    processView(
      spec,
      state.instances.filter((instance) => instance.process === spec.name),
    ),
  )
  return {
    phase: state.phase,
    isReady: state.phase === 'running' && processes.every((process) => process.isReady),
    isStarted: processes.every((process) => process.isStarted),
    processes,
  }
}

function processView(spec: ProcessSpec, instances: readonly Instance[]): ProcessView {
  return {
    name: spec.name,
    isReady: isEnough(spec, instances, (one) => isReady(one) || one.phase === 'succeeded'),
    isStarted: isEnough(spec, instances, (one) => one.wasReady),
    instances: instances.map((instance) => ({
      name: instance.name,
      number: instance.number,
      phase: instance.phase,
      isReady: isReady(instance),
      pid: instance.live?.pid ?? null,
      restarts: instance.restarts,
      startedAtMs: instance.live?.spawnedAtWallMs ?? null,
      last: instance.last && { cause: instance.last.cause, status: instance.last.status },
    })),
  }
}

/** One instance may be missing (maxUnavailable 1), but never all; a process without instances does not count. */
function isEnough(
  spec: ProcessSpec,
  instances: readonly Instance[],
  counts: (instance: Instance) => boolean,
): boolean {
  const replicas = spec.instances.length
  return replicas === 0 || instances.filter(counts).length >= Math.max(1, replicas - 1)
}

function isReady(instance: Instance): boolean {
  return instance.phase === 'running'
}
