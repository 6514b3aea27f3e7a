import assert from 'node:assert/strict'
import type { Change } from '../../../src/core/changes.ts'
import type { Effect } from '../../../src/core/effects.ts'
import { view } from '../../../src/core/view.ts'
import type { Move } from './move.ts'
import { checkAddresses, checkMoving } from './rules/addresses.ts'
import { checkBudget, checkDeadline } from './rules/budget.ts'
import { checkCause, checkHistory, checkPhase, checkTold } from './rules/history.ts'
import { checkAsk, checkDismiss, checkHook } from './rules/hooks.ts'
import { checkMemoryLimit, checkRestartLimit, checkRestartLimitOfGroups } from './rules/limits.ts'
import { checkNotices, checkProbes, checkStopProbe, checkTry } from './rules/probes.ts'
import { checkAge, checkRenewal } from './rules/renewal.ts'
import { checkAdoption, checkForgotten, checkReplicas } from './rules/replicas.ts'
import { checkKept } from './rules/revisions.ts'
import { checkSpawn, checkTakenBack, checkWait } from './rules/starts.ts'
import { checkAbandon, checkEndTree, checkGrace, checkSignal, checkSweep } from './rules/stops.ts'
import type { WorldView } from './world.ts'

/** Whether the core may want that of the world, as that is before it does it. */
export function checkEffect(effect: Effect, move: Move, world: WorldView): void {
  assert.ok(!world.hasExited, `nothing follows the exit, but ${effect.type} did`)
  switch (effect.type) {
    case 'spawn':
      checkSpawn(effect, move, world)
      break
    case 'cancelSpawn':
      checkTakenBack(effect, world)
      break
    case 'stop':
    case 'signal':
      checkSignal(effect, move, world)
      break
    case 'send':
    case 'offer':
      assert.equal(world.runs.get(effect.run)?.place, 'alive', 'only what lives is signalled')
      break
    case 'endTree':
      checkEndTree(effect, move, world)
      break
    case 'abandon':
      checkAbandon(effect, world)
      break
    case 'ask':
      checkAsk(effect, move, world)
      break
    case 'dismiss':
      checkDismiss(effect, move, world)
      break
    case 'probe':
      checkTry(effect, move, world)
      break
    case 'stopProbe':
      checkStopProbe(effect, move, world)
      break
    case 'watchSockets':
      assert.ok(!world.watched.has(effect.process), 'sockets are watched once')
      break
    case 'unwatchSockets':
      assert.ok(world.watched.has(effect.process), 'only what is watched is not any more')
      break
    case 'wake':
      checkDeadline(effect, move)
      break
    case 'sweep':
      checkSweep(world)
      break
    case 'move':
      checkMoving(effect, move, world)
      break
    case 'readConfig':
      assert.ok(!world.isReading, 'the files are read once at a time')
      break
    case 'adopt':
      checkAdoption(effect, move)
      break
    case 'forget':
      checkForgotten(effect, move)
      break
    case 'reopenLogs':
    case 'keepRevisions':
    case 'exit':
      break
  }
}

/** Whether that can be told, after all that was told before it. */
export function checkChange(change: Change, move: Move, world: WorldView): void {
  if (change.type !== 'instance') return
  checkCause(change)
  checkPhase(change, move, world)
  checkRenewal(change, move, world)
  checkMemoryLimit(change, move, world)
}

/** Whether everything is as it has to be, now that the world does what the core wants. */
export function checkMove(move: Move, world: WorldView): void {
  checkBudget(move, world)
  checkReplicas(move)
  checkKept(move, world)
  checkAddresses(move, world)
  for (const instance of move.state.instances) {
    checkTold(instance, move, world)
    checkHistory(instance, move)
    checkRestartLimit(instance, move)
    checkProbes(instance, move, world)
    checkNotices(instance, move, world)
    checkAge(instance, move, world)
    checkWait(instance, world)
    checkHook(instance, move, world)
    checkGrace(instance, world)
  }
  checkRestartLimitOfGroups(move.state)
  checkView(move)
}

function checkView({ state }: Move): void {
  const { isReady, isStarted, isOverdue, withdrawn, phase } = view(state)
  assert.ok(!isReady || isStarted, 'what is ready has been ready once')
  assert.ok(!isReady || withdrawn === null, 'nobody is ready against their will')
  assert.ok(!isOverdue || phase !== 'running', 'only a shutdown has a budget')
}
