import type { Change } from '../../src/core/changes.ts'
import { view } from '../../src/core/view.ts'
import type { ProcessSpec } from '../../src/plan/process-spec.ts'
import { type ProcessGiven, planOf, probeSpec, processSpec } from './specs.ts'
import { Story } from './story.ts'

/** The process with another command. */
export const command = (name: string, spec: ProcessSpec): ProcessSpec => ({
  ...spec,
  template: { ...spec.template, command: [name] },
})

/** That these are all processes from now on. */
export const apply = (...processes: readonly ProcessSpec[]) =>
  ({ type: 'apply', plan: planOf(...processes), by: 'test' }) as const

/** One more at a time, and none is missing. */
export const surging: ProcessGiven = {
  strategy: { type: 'RollingUpdate', maxSurge: 1, maxUnavailable: 0 },
}

/** Ready is who says so. */
export const readiness = { probes: { readiness: probeSpec() } }

/** The time that a rollout waited for has come. */
export const due = { type: 'deadline', key: 'web/rollout' } as const

/** A process `web` whose instances run and have done so for long; the first one as run 1. */
export function running(given: ProcessGiven = {}): Story {
  const story = new Story(processSpec('web', given)).take({ type: 'begin' })
  for (const { live } of story.state.instances) if (live) story.run(live.run)
  return story.wait(60_000)
}

/** A new spec is applied. */
export function rolling(given: ProcessGiven = {}): Story {
  return running(given).take(apply(command('/new', processSpec('web', given))))
}

/** Of all instances. */
export const names = ({ state }: Story) => state.instances.map(({ name }) => name)

/** What became of rollouts. */
export const told = (changes: readonly Change[]) =>
  changes.flatMap((one) => {
    return one.type === 'rollout' ? `${one.state} ${one.revision} ${one.reason}`.trim() : []
  })

/** What is seen of `web`. */
export const webOf = ({ state }: Story) => view(state).processes[0]
