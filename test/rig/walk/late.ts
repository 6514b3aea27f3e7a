import type { DeadlineKey, Fact } from '../../../src/core/events.ts'
import type { HookName } from '../../../src/plan/instance-spec.ts'
import type { Scene } from './scene.ts'
import { drawInstance } from './wishes.ts'

/**
 * Facts that come too late, or of nothing: each is to be dropped. The next one is drawn when the one before it has been taken.
 */
export function* drawLateFacts(scene: Scene): Generator<Fact> {
  const { draws, world, standing, monoMs } = scene
  const { courses, processes, turnAtMonoMs } = standing.state
  // A turn that is due is taken at whatever event comes first.
  const turns = [turnAtMonoMs, ...courses.map(({ rollout }) => rollout?.wakeAtMonoMs)]
  if (turns.some((at) => at && at <= monoMs)) return
  const { below, oneOf } = draws
  const run = oneOf([0, world.lastRun + 1, below(world.lastRun)])
  const key = drawKey(scene)
  if (!world.deadlines.has(key)) yield { type: 'deadline', key }
  const living = [...world.runs.values()].find(({ place }) => place === 'alive')
  if (living && !world.hooks.has(living.run)) {
    const [hook, isOk] = [oneOf<HookName>(['postStart', 'preStop']), below(2) === 0]
    yield { type: 'answered', run: living.run, hook, isOk, detail: 'late' }
  }
  const { name: process } = oneOf(processes)
  if (!world.watched.has(process)) yield { type: 'connected', process }
  if (!world.runs.has(run)) yield* factsOf(run)
}

function drawKey({ draws, standing }: Scene): DeadlineKey {
  const { name = '' } = drawInstance(draws, standing.state) ?? {}
  const own = (['start', 'kill', 'age', 'hook', 'notify', 'status'] as const).map(
    (purpose) => `${name}/${purpose}` as const,
  )
  return draws.oneOf<DeadlineKey>([...own, 'drain', 'turn', 'sweep', 'budget'])
}

/** Of a run that there is not. */
function factsOf(run: number): readonly Fact[] {
  return [
    { type: 'spawned', run, pid: 1 },
    { type: 'spawnFailed', run, errno: 'EAGAIN', step: 'fork' },
    { type: 'executed', run },
    { type: 'execFailed', run, errno: 'ENOENT', step: 'exec' },
    { type: 'exited', run, status: { code: 0, signal: 0 } },
    { type: 'emptied', run },
    { type: 'overMemoryLimit', run, bytes: 2000 },
    { type: 'notified', run, notice: { state: 'ready', status: 'late' } },
    ...(['startup', 'readiness', 'liveness'] as const).map((probe) => {
      return { type: 'probed', run, probe, isOk: true, detail: '', durationMs: 0 } as const
    }),
    ...(['postStart', 'preStop'] as const).map((hook) => {
      return { type: 'answered', run, hook, isOk: false, detail: '' } as const
    }),
  ]
}
