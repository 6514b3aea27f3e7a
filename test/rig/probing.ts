import type { ProbeName } from '../../src/plan/instance-spec.ts'
import { type ProcessGiven, processSpec } from './specs.ts'
import { Story, stamp, stepSafely } from './story.ts'

/** A run whose command is executed; `unit` is the chance of that. */
export function begin(given: ProcessGiven, unit = 0): Story {
  const story = new Story(processSpec('web', given)).take({ type: 'begin' })
  story.take({ type: 'spawned', run: 1, pid: 101 })
  const result = stepSafely(story.state, stamp({ type: 'executed', run: 1 }, story.monoMs, unit))
  story.state = result.state
  story.effects = result.effects
  return story
}

/** The awaited try ends, at its time if it `isAwaited`, and `ms` after it began. */
export function answer(
  story: Story,
  probe: ProbeName,
  isOk: boolean | null,
  detail = 'HTTP 503',
  ms = 0,
  isAwaited = true,
): void {
  const { live } = story.instance()
  const atMonoMs = live?.probes[probe]?.atMonoMs
  if (isAwaited && atMonoMs !== undefined) story.monoMs = atMonoMs
  story.wait(ms)
  story.take({ type: 'probed', run: live?.run ?? 0, probe, isOk, detail, durationMs: ms })
}
