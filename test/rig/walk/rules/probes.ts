import assert from 'node:assert/strict'
import type { Instance } from '../../../../src/core/instance-state.ts'
import { isReady } from '../../../../src/core/readiness.ts'
import { type EffectOf, type Move, specOf } from '../move.ts'
import type { WorldView } from '../world.ts'

export function checkTry(
  { run, probe, atMonoMs }: EffectOf<'probe'>,
  { event }: Move,
  { runs, tries }: WorldView,
): void {
  assert.equal(runs.get(run)?.place, 'alive', 'only what lives is probed')
  assert.ok(!tries.has(`${run} ${probe}`), 'a probe is never tried twice at once')
  assert.ok(atMonoMs >= event.at.monoMs, 'a try lies ahead')
}

export function checkStopProbe(
  { run, probe }: EffectOf<'stopProbe'>,
  move: Move,
  { runs, tries }: WorldView,
): void {
  const { instance = '' } = runs.get(run) ?? {}
  const isDone = specOf(move, instance).probes[probe]?.by === 'logLine'
  assert.ok(isDone || tries.has(`${run} ${probe}`), 'what rests was tried')
}

/** What is known of a run is tried, and what it has come to is what its probes say. */
export function checkProbes(instance: Instance, move: Move, { tries, passed }: WorldView): void {
  const { name, phase, live, isWanted } = instance
  const { probes } = specOf(move, name)
  for (const probe of ['startup', 'readiness', 'liveness'] as const) {
    const known = live?.end === null ? live.probes[probe] : undefined
    const isDone = probes[probe]?.by === 'logLine' && known?.isPassing
    const isTried = tries.has(`${live?.run} ${probe}`)
    assert.equal(known !== undefined && !isDone, isTried, `${probe} is tried when it is known`)
    assert.ok(!isTried || probes[probe], `there is a ${probe} probe that is tried`)
  }
  // What is applied does not reach a run that has ended.
  if (live?.readySinceMonoMs != null && live.end === null && probes.readiness) {
    assert.ok(passed.has(live.run), 'not ready before the first success')
  }
  if (phase === 'running' && live && probes.liveness && isWanted) {
    const speaks = live.limit?.probe === 'liveness' || live.said.watchdogMs === 0
    const isWatched = probes.liveness.by === 'notify' ? speaks : live.probes.liveness
    assert.ok(isWatched, 'what runs is asked whether it lives')
  }
}

/** Who speaks by sd_notify(3) is believed, and has to do so in time. */
export function checkNotices(instance: Instance, move: Move, { deadlines }: WorldView): void {
  const { name, phase, live } = instance
  const { probes } = specOf(move, name)
  const limitMs = deadlines.get(`${name}/notify`)
  assert.equal(live?.limit?.untilMonoMs, limitMs, 'a limit has a deadline')
  if (live?.limit) {
    const { probe } = live.limit
    assert.equal(probes[probe]?.by, 'notify', 'who has to speak can')
    assert.equal(phase, probe === 'startup' ? 'starting' : 'running')
  }
  const tellAtMs = live?.said.tellAtMonoMs ?? undefined
  assert.equal(tellAtMs, deadlines.get(`${name}/status`), 'a status waits for a deadline')
  if (phase === 'running' && probes.readiness?.by === 'notify') {
    assert.equal(isReady(instance), live?.said.state === 'ready', 'ready by its last word')
  }
}
