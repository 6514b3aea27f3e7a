import { startedAtOnce } from '../plan/order.ts'
import type { Plan } from '../plan/plan.ts'
import type { ProcessSpec } from '../plan/process-spec.ts'
import { instanceName } from '../plan/to-instance.ts'
import type { Instance } from './instance-state.ts'
import type { Course, Revision, State } from './state.ts'

/** The state before the first event: what starts by itself is wanted, nothing runs. */
export function initialState({
  groups,
  processes,
  shutdown,
  signals,
  origin,
  ...plan
}: Plan): State {
  const started = startedAtOnce(processes)
  return {
    phase: 'running',
    fixed: plan,
    shutdown,
    signals,
    processes,
    groups: groups.map((spec) => ({
      ...{ spec, recentRestartsMonoMs: [], restarting: [], isFailed: false },
    })),
    courses: processes.map((spec) => createCourse(spec, started.has(spec.name))),
    instances: processes.flatMap((spec) =>
      Array.from({ length: spec.replicas }, (_, index) =>
        createInstance(spec, index + 1, started.has(spec.name), first),
      ),
    ),
    nextRun: 1,
    firstFailureCode: null,
    withdrawal: null,
    ending: null,
    turnAtMonoMs: null,
    watched: {},
    openOutputs: [],
    config: { origin, atWallMs: 0, by: 'start' },
    reading: 'no',
  }
}

/** An instance that has never run. */
export function createInstance(
  { name: process, isOnDemand }: ProcessSpec,
  number: number,
  isWanted: boolean,
  { revision, epoch }: Pick<Course, 'revision' | 'epoch'>,
): Instance {
  return {
    name: instanceName(process, number),
    process,
    number,
    revision,
    epoch,
    isWanted,
    isLeaving: false,
    phase: isWanted ? 'pending' : 'stopped',
    isWaiting: false,
    awaited: null,
    live: null,
    failures: 0,
    restarts: 0,
    recentRestartsMonoMs: [],
    wasReady: isOnDemand && isWanted,
    isGivenUp: false,
    putOff: null,
    last: null,
  }
}

/** Of a process that begins. */
export function createCourse(
  spec: ProcessSpec,
  isWanted: boolean,
  { atWallMs, by }: Pick<Revision, 'atWallMs' | 'by'> = { atWallMs: 0, by: 'start' },
): Course {
  const revision = { number: 1, spec, atWallMs, by, changes: [], isGood: by === 'start' }
  return {
    ...{ process: spec.name, isWanted, isRemoved: false, ...first },
    ...{ revisions: [revision], nextRevision: 2 },
    ...{ isPaused: false, rollout: null, outcome: null },
  }
}

const first = { revision: 1, epoch: 1 }
