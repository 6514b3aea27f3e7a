import assert from 'node:assert/strict'
import type { Instance } from '../../../../src/core/instance-state.ts'
import { type EffectOf, instanceOfRun, type Move } from '../move.ts'
import type { WorldView } from '../world.ts'
import { checkTurn } from './stops.ts'

/** Each hook is asked for once, of what is executing: postStart first, and preStop before the stop signal. */
export function checkAsk(
  { run: number, hook }: EffectOf<'ask'>,
  move: Move,
  world: WorldView,
): void {
  const { runs, hooks, asked } = world
  const run = runs.get(number)
  assert.ok(run?.place === 'alive' && run.isReported, 'a hook is of what is executing')
  assert.ok(!run.isAsked, 'no hook comes after the stop signal')
  assert.ok(!hooks.has(number), 'one hook at a time')
  assert.ok(!asked.has(`${number} ${hook}`), 'no hook is asked for twice')
  assert.ok(hook === 'preStop' || !asked.has(`${number} preStop`), 'postStart is first')
  if (hook === 'preStop') checkTurn(number, move, world)
}

/** preStop is given up when its time is over, its run has ended, or nobody waits any more. */
export function checkDismiss(
  { run, hook }: EffectOf<'dismiss'>,
  { before, state, event }: Move,
  { runs, hooks }: WorldView,
): void {
  assert.equal(hooks.get(run), hook, 'only what is awaited is dismissed')
  if (hook !== 'preStop') return
  const { name = '' } = instanceOfRun(before, run) ?? {}
  const isOver = runs.get(run)?.place !== 'alive'
  const isDue = event.type === 'deadline' && [`${name}/hook`, `${name}/kill`].includes(event.key)
  assert.ok(isOver || isDue || state.ending?.isForced, 'preStop has its time')
}

export function checkHook({ name, phase, live }: Instance, move: Move, world: WorldView): void {
  const { runs, hooks, asked, deadlines } = world
  const awaited = live === null ? undefined : hooks.get(live.run)
  assert.equal(live?.hook ?? undefined, awaited, 'a hook is awaited when it is known')
  const hookAtMs = deadlines.get(`${name}/hook`)
  assert.equal(hookAtMs !== undefined, awaited === 'preStop', 'preStop has a deadline')
  if (hookAtMs !== undefined) {
    assert.equal(phase, 'stopping')
    const killAtMs = deadlines.get(`${name}/kill`) ?? 0
    const hasTime = hookAtMs < killAtMs || killAtMs <= move.event.at.monoMs
    assert.ok(hasTime, 'the stop signal has a time of its own before SIGKILL')
  }
  if (awaited === 'postStart') assert.equal(phase, 'starting')
  if (phase === 'running' && live !== null && runs.get(live.run)?.hasPostStart) {
    assert.ok(asked.has(`${live.run} postStart`), 'what runs has had its postStart')
  }
}
