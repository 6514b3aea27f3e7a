import type { InstanceView, ProcessView, View } from '../../src/core/view.ts'

/** An instance that runs, but for `given`; it is ready, and started, when it runs. */
export function instanceView(name: string, given: Partial<InstanceView> = {}): InstanceView {
  const isReady = (given.phase ?? 'running') === 'running'
  return {
    name,
    number: Number(name.split('.').at(-1)),
    revision: 1,
    isLeaving: false,
    isWanted: true,
    phase: 'running',
    run: 1,
    reason: null,
    isReady,
    isStarted: isReady,
    status: null,
    pid: 100,
    restarts: 0,
    startedAtMs: 1_900_000_000_000,
    last: null,
    ...given,
  }
}

/** A process, ready when all of its instances are. */
export function processView(name: string, ...instances: readonly InstanceView[]): ProcessView {
  const isReady = instances.every((instance) => instance.isReady)
  const replicas = instances.length
  return {
    ...{ name, replicas, mostReplicas: 1000, sockets: [], counts: true },
    ...{ revision: 1, rollout: null, isPaused: false, lastRollout: null, revisions: [] },
    ...{ isReady, isStarted: isReady, instances },
  }
}

/** A supervisor that is ready and started when all of its processes are ready. */
export function viewOf(...processes: readonly ProcessView[]): View {
  const isReady = processes.every((process) => process.isReady)
  return {
    phase: 'running',
    isOverdue: false,
    withdrawn: null,
    isReady,
    isStarted: isReady,
    processes,
    groups: [],
    config: {
      origin: { files: ['/etc/ringmaster.yaml'], texts: [] },
      ...{ atWallMs: 1_900_000_000_000, by: 'start' },
    },
  }
}
