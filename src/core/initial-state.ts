import { startedAtOnce } from '../plan/order.ts'
import type { Plan } from '../plan/plan.ts'
import type { ProcessSpec } from '../plan/process-spec.ts'
import { instanceName } from '../plan/to-instance.ts'
import type { Instance } from './instance-state.ts'
import { resume } from './past.ts'
import type { Course, Past, Revision, State } from './state.ts'

/** The state before the first event: what starts by itself is wanted, nothing runs. `past`: what is known from earlier starts. */
export function initialState(
  { groups, processes, shutdown, signals, origin, ...plan }: Plan,
  past: readonly Past[] = [],
): State {
  const { http, control, ...fixed } = plan
  const started = startedAtOnce(processes)
  const known = new Map(past.map((one) => [one.process, one]))
  const begun = processes.map((spec) => {
    const course = resume(createCourse(spec, started.has(spec.name)), known.get(spec.name))
    return { spec, course }
  })
  return {
    phase: 'running',
    fixed,
    addresses: { http, control },
    shutdown,
    signals,
    processes,
    groups: groups.map((spec) => ({
      ...{ spec, recentRestartsMonoMs: [], restarting: [], isFailed: false },
    })),
    courses: begun.map(({ course }) => course),
    instances: begun.flatMap(({ spec, course }) =>
      Array.from({ length: spec.replicas }, (_, index) =>
        createInstance(spec, index + 1, course.isWanted, course),
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
