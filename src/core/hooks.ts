import type { HookName } from '../plan/instance-spec.ts'
import type { ProcessSpec } from '../plan/process-spec.ts'
import { preStopMs } from '../plan/shutdown.ts'
import type { HookChange } from './changes.ts'
import type { Effect } from './effects.ts'
import type { DeadlineKey, HookResult } from './events.ts'
import type { Instance, LiveRun } from './instance-state.ts'

/** What a hook needs of the step it is part of. */
interface Step {
  readonly at: { readonly monoMs: number }
  want(...effects: readonly Effect[]): void
  tell(change: HookChange): void
}

/** Asks for the hook, which is awaited from now on. */
export function ask(live: LiveRun, hook: HookName, step: Step): LiveRun {
  step.want({ type: 'ask', run: live.run, hook })
  return { ...live, hook }
}

/** An awaited hook has been answered; null: it was not in time. */
export function take(
  { name, process }: Instance,
  live: LiveRun,
  hook: HookName,
  result: HookResult | null,
  step: Step,
): LiveRun {
  const { isOk, detail, output } = result ?? { isOk: false, detail: 'not done in time' }
  step.tell({
    ...{ type: 'hook', process, instance: name, run: live.run, hook, isOk, detail },
    ...(output !== undefined && { output }),
  })
  if (hook === 'preStop') step.want(until(name, null))
  return { ...live, hook: null }
}

/** Nobody waits for the awaited hook any more, if there is one: what is left of it is ended. */
export function dismiss({ name }: Instance, live: LiveRun, step: Step): LiveRun {
  const { run, hook } = live
  if (hook === null) return live
  step.want({ type: 'dismiss', run, hook })
  if (hook === 'preStop') step.want(until(name, null))
  return { ...live, hook: null }
}

/** A preStop hook comes before the stop signal of a run that has begun, where there is a grace to spend on it. */
export function hasPreStop({ hooks }: ProcessSpec, live: LiveRun, graceMs: number): boolean {
  return hooks.includes('preStop') && live.executedMonoMs !== null && graceMs > 0
}

/** The time of a preStop hook ends before that of the grace, of which `leftMs` are left. */
export function boundPreStop({ name }: Instance, leftMs: number, step: Step): void {
  step.want(until(name, step.at.monoMs + preStopMs(leftMs)))
}

function until(instance: string, atMonoMs: number | null): Effect {
  const key: DeadlineKey = `${instance}/hook`
  return { type: 'wake', key, atMonoMs }
}
