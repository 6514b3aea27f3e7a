import type { ExitStatus } from '../lib/exit-codes.ts'
import type { ProcessSpec } from '../plan/plan.ts'
import type { Cause, Phase, SupervisorPhase } from './messages.ts'
import type { Instance, State } from './state.ts'

/** What the world may know: read by `/readyz`, `/metrics` and later `status`. */
export interface View {
  readonly phase: SupervisorPhase
  /** A shutdown has outlived its budget. */
  readonly isOverdue: boolean
  /** Every process that counts is ready, and no shutdown has begun. */
  readonly isReady: boolean
  /** Every process that counts has been ready once. */
  readonly isStarted: boolean
  readonly processes: readonly ProcessView[]
}

export interface ProcessView {
  readonly name: string
  /** Ringmaster is not ready without it: essential, with instances, and not waiting for somebody to start it. */
  readonly counts: boolean
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
  /** It has been ready once. */
  readonly isStarted: boolean
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
  const counted = processes.filter((process) => process.counts)
  return {
    phase: state.phase,
    isOverdue: state.ending?.isOverdue ?? false,
    isReady: state.phase === 'running' && counted.every((process) => process.isReady),
    isStarted: counted.every((process) => process.isStarted),
    processes,
  }
}

function processView(spec: ProcessSpec, instances: readonly Instance[]): ProcessView {
  return {
    name: spec.name,
    counts:
      spec.isEssential && instances.length > 0 && (spec.autoStart || instances.some(wasStarted)),
    isReady: isEnough(spec, instances, (one) => isReady(one) || one.phase === 'succeeded'),
    isStarted: isEnough(spec, instances, (one) => one.wasReady),
    instances: instances.map((instance) => ({
      name: instance.name,
      number: instance.number,
      phase: instance.phase,
      isReady: isReady(instance),
      isStarted: instance.wasReady,
      pid: instance.live?.pid ?? null,
      restarts: instance.restarts,
      startedAtMs: instance.live?.spawnedAtWallMs ?? null,
      last: instance.last && { cause: instance.last.cause, status: instance.last.status },
    })),
  }
}

/** One instance may be missing (maxUnavailable 1), but never all. */
function isEnough(
  spec: ProcessSpec,
  instances: readonly Instance[],
  counts: (instance: Instance) => boolean,
): boolean {
  return instances.filter(counts).length >= Math.max(1, spec.instances.length - 1)
}

function wasStarted({ live, last }: Instance): boolean {
  return live !== null || last !== null
}

function isReady(instance: Instance): boolean {
  return instance.phase === 'running'
}
