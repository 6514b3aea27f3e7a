import type { DeadlineKey, Fact } from '../../../src/core/events.ts'
import type { HookName } from '../../../src/plan/instance-spec.ts'
import { answersOfRun } from './lives.ts'
import type { EffectOf } from './move.ts'
import { drawNextPlan } from './plans.ts'
import type { Answer, Scene } from './scene.ts'

/** Something that can come next, if there is anything. */
export function drawAnswer(scene: Scene): Answer | undefined {
  const { draws, world, monoMs } = scene
  const answers: Answer[] = [
    ...[...world.deadlines].flatMap(([key, atMonoMs]) => {
      return atMonoMs <= monoMs ? [() => deadline(scene, key)] : []
    }),
    ...[...world.runs.values()].flatMap((run) => answersOfRun(scene, run)),
    ...[...world.tries].flatMap(([key, effect]) => {
      return effect.atMonoMs <= monoMs ? [() => probed(scene, key, effect)] : []
    }),
    // Some hooks never end.
    ...[...world.hooks].flatMap(([run, hook]) => {
      return run % 4 > 0 ? [() => answered(scene, run, hook)] : []
    }),
    ...[...world.watched].map((process) => () => connected(scene, process)),
  ]
  if (world.isSweeping && draws.below(10) === 0) answers.push(() => ({ type: 'swept' }))
  if (world.isReading) answers.push(() => configRead(scene))
  return answers.length === 0 ? undefined : draws.oneOf(answers)
}

function deadline({ world }: Scene, key: DeadlineKey): Fact {
  world.deadlines.delete(key)
  return { type: 'deadline', key }
}

/** A try that has begun ends somehow. */
function probed(
  { draws: { below, oneOf }, world, monoMs }: Scene,
  key: string,
  { run, probe }: EffectOf<'probe'>,
): Fact {
  world.tries.delete(key)
  const isOk = oneOf([true, true, true, false, false, false, null])
  if (isOk && probe === 'readiness') world.passed.add(run)
  const result = { probe, isOk, detail: 'walk', durationMs: below(9) }
  const againAtMonoMs = monoMs + oneOf([-5, 0, 700])
  return { type: 'probed', run, ...result, ...(below(4) === 0 && { againAtMonoMs }) }
}

function answered({ draws, world }: Scene, run: number, hook: HookName): Fact {
  world.hooks.delete(run)
  return { type: 'answered', run, hook, isOk: draws.below(3) > 0, detail: 'walk' }
}

function connected({ world }: Scene, process: string): Fact {
  world.watched.delete(process)
  return { type: 'connected', process }
}

function configRead({ draws, world, standing }: Scene): Fact {
  world.isReading = false
  const isUsable = draws.below(2) === 0
  const plan = isUsable ? drawNextPlan(draws, standing.plan) : null
  return { type: 'configRead', reading: plan ? { problem: null, plan } : { problem: 'walk' } }
}
