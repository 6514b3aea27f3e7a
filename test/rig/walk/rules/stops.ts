import assert from 'node:assert/strict'
import type { Instance } from '../../../../src/core/instance-state.ts'
import { type EffectOf, instanceOfRun, isAtRest, type Move, specOf } from '../move.ts'
import { SIGKILL, type WorldRun, type WorldView } from '../world.ts'

/** A main process is asked to end when that is its turn, and killed after that. */
export function checkSignal(
  { run: number, signal }: EffectOf<'stop' | 'signal'>,
  move: Move,
  world: WorldView,
): void {
  const run = world.runs.get(number)
  assert.ok(run?.place === 'alive', 'only a main process that is told of is signalled')
  assert.ok(!world.hooks.has(number), 'no stop signal while a hook is awaited')
  if (!run.isAsked && !world.asked.has(`${number} preStop`)) {
    checkTurn(number, move, world)
    checkPreStop(run, move)
  }
  checkForce(run, signal, move)
}

export function checkEndTree(
  { run: number, signal }: EffectOf<'endTree'>,
  move: Move,
  { runs }: WorldView,
): void {
  const run = runs.get(number)
  assert.ok(run?.place === 'ended', 'a tree is ended when its main process has')
  checkForce(run, signal, move)
}

export function checkAbandon({ run }: EffectOf<'abandon'>, { runs }: WorldView): void {
  assert.equal(runs.get(run)?.place, 'ended', 'only what a main process left is abandoned')
}

export function checkSweep({ runs }: WorldView): void {
  const areOver = [...runs.keys()].every((run) => run < 0)
  assert.ok(areOver, 'the sweep comes when every run is over')
}

/** The stop of a run begins, with its preStop or with its stop signal. */
export function checkTurn(run: number, move: Move, world: WorldView): void {
  checkStopOrder(run, move)
  checkGroupOrder(run, move, world)
}

export function checkGrace({ name, phase, live }: Instance, { deadlines }: WorldView): void {
  const isInGrace = phase === 'stopping' && live?.pid !== null && !live?.isKilled
  assert.equal(deadlines.has(`${name}/kill`), isInGrace, 'a grace has a deadline')
}

/** In a shutdown what depends on a process has ended before that is stopped. */
function checkStopOrder(run: number, { before, state, event }: Move): void {
  const { instances, processes, ending, phase } = state
  if (phase !== 'stopping' || ending?.isForced) return
  const now = instanceOfRun(state, run)
  // A spawn that was taken back too late, and what a mistake has hit, are ended at once.
  if (instanceOfRun(before, run)?.phase === 'stopping' || now?.isGivenUp) return
  const needing = [now?.process]
  for (const needed of needing) {
    for (const { name, dependsOn } of processes) {
      if (dependsOn.some(({ process }) => process === needed)) needing.push(name)
    }
  }
  for (const other of instances.filter(({ process }) => needing.slice(1).includes(process))) {
    const { isKilled = false, killAtMonoMs = 0 } = other.live ?? {}
    if (isKilled && event.at.monoMs >= (killAtMonoMs ?? 0) + 1000) continue
    assert.ok(isAtRest(other), `${now?.name} is stopped after ${other.name}`)
  }
}

/** What is restarted with others is stopped in the reverse order of the group. */
function checkGroupOrder(run: number, { state }: Move, { ordered }: WorldView): void {
  const { groups, instances } = state
  const now = instanceOfRun(state, run)
  if (!now?.isWanted || now.live?.cause !== 'stop-requested' || ordered.has(run)) return
  const group = groups.find(({ restarting }) => restarting.includes(now.name))
  assert.ok(group, 'who is wanted is stopped by its group, or by somebody')
  const { restarting, spec } = group
  const place = spec.processes.indexOf(now.process)
  for (const other of instances.filter(({ name }) => restarting.includes(name))) {
    if (spec.processes.indexOf(other.process) <= place) continue
    assert.equal(other.live, null, `${now.name} is stopped after ${other.name}`)
  }
}

/** The stop signal comes without a preStop: there is none, or no time, or no reason for it. */
function checkPreStop({ run, instance, isReported }: WorldRun, move: Move): void {
  const { before, state, event } = move
  const isExecuting = instanceOfRun(before, run)?.live?.executedMonoMs != null
  if (!isReported || !isExecuting || state.ending?.isForced) return
  const killAtMonoMs = instanceOfRun(state, run)?.live?.killAtMonoMs ?? 0
  const hasHook = specOf(move, instance).hooks.includes('preStop')
  assert.ok(!hasHook || killAtMonoMs <= event.at.monoMs, 'preStop comes before the stop signal')
}

/** SIGKILL is the last thing that a run gets, and not the first. */
function checkForce(run: Readonly<WorldRun>, signal: number, move: Move): void {
  if (signal === SIGKILL) {
    const isLeftOfMixed = run.place === 'ended' && specOf(move, run.instance).killMode === 'mixed'
    assert.ok(run.isAsked || isLeftOfMixed, 'the stop signal comes before SIGKILL')
  } else assert.ok(!run.isKilled, 'nothing comes after SIGKILL')
}
