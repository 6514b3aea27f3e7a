import { apply, direct } from './apply.ts'
import type { Change } from './changes.ts'
import { obey } from './commands.ts'
import { connected, watchSockets } from './connections.ts'
import { deadline } from './deadlines.ts'
import { Draft } from './draft.ts'
import type { Effect } from './effects.ts'
import { findCauseToEnd } from './ending.ts'
import type { Event } from './events.ts'
import * as lives from './instance.ts'
import { notified } from './notified.ts'
import { keepRevisions } from './past.ts'
import { keepUp, scale } from './replicas.ts'
import { renewOld, restartGroup, resumeWaiting } from './restarts.ts'
import { cancelRollouts } from './rollout.ts'
import * as ends from './run-end.ts'
import * as starts from './run-start.ts'
import * as stops from './run-stop.ts'
import { end, shutDown, stopAll, stopInTurn, sweep } from './shutdown.ts'
import { configRead, signalled } from './signals.ts'
import type { Revision, State } from './state.ts'
import { count } from './tally.ts'
import { beginMaintenance, drainFirst, endWithdrawal } from './withdrawal.ts'

/** What one event leads to. */
export interface StepResult {
  readonly state: State
  readonly effects: readonly Effect[]
  readonly changes: readonly Change[]
}

/** Decides what an event means. Pure: the same state and event give the same result, and `state` is not touched. */
export function step(state: State, event: Event): StepResult {
  const draft = new Draft(state, event.at, event.unit)
  take(draft, event)
  if (!isUneventful(draft, event)) settle(draft)
  keepRevisions(draft, state)
  return { state: draft.state, effects: draft.effects, changes: draft.changes }
}

/** Name of the instance that `event` is about; undefined when it is about none that lives. */
export function instanceOf(state: State, event: Event): string | undefined {
  if ('run' in event) return state.instances.find(({ live }) => live?.run === event.run)?.name
  if (event.type !== 'deadline') return undefined
  const [name] = event.key.split('/')
  return state.instances.find((instance) => instance.name === name)?.name
}

const [SIGKILL, SIGTERM] = [9, 15]

function take(draft: Draft, event: Event): void {
  switch (event.type) {
    case 'begin':
      begin(draft)
      break
    case 'signalled':
      signalled(draft, event.signal)
      break
    case 'drain':
      drainFirst(draft, event.by)
      break
    case 'maintenance':
      if (event.isOn) beginMaintenance(draft, event.by)
      else endWithdrawal(draft, event.by)
      break
    case 'start':
    case 'stop':
    case 'restart':
    case 'send':
      obey(draft, event)
      break
    case 'shutdown':
      shutDown(draft, event.reason, event.code, event.code !== 0)
      break
    case 'apply':
      apply(draft, event.plan, event.by)
      break
    case 'rollout':
      direct(draft, event)
      break
    case 'scale':
      scale(draft, event.process, event.replicas, event.by)
      break
    case 'spawned':
      draft.withRun(event.run, 'queued', (instance, spec, live) => {
        draft.state = { ...draft.state, openOutputs: draft.state.openOutputs.concat(event.run) }
        return lives.spawned(instance, spec, live, event.pid, draft)
      })
      break
    case 'spawnFailed':
      draft.withRun(event.run, 'queued', (instance, spec, live) =>
        ends.spawnFailed(instance, spec, live, event.errno, event.step, draft),
      )
      break
    case 'executed':
      draft.withRun(event.run, 'alive', (instance, spec, live) =>
        lives.executed(instance, spec, live, draft),
      )
      break
    case 'execFailed':
      draft.withRun(event.run, 'alive', (instance, _, live) =>
        ends.execFailed(instance, live, `${event.errno} ${event.step}`),
      )
      break
    case 'probed':
      draft.withRun(event.run, 'alive', (instance, spec, live) =>
        lives.probed(instance, spec, live, event, draft),
      )
      break
    case 'notified':
      draft.withRun(event.run, 'alive', (instance, spec, live) =>
        notified(instance, spec, live, event.notice, draft),
      )
      break
    case 'answered':
      draft.withRun(event.run, 'alive', (instance, spec, live) =>
        lives.answered(instance, spec, live, event, draft),
      )
      break
    case 'exited':
      draft.withRun(event.run, 'alive', (instance, spec, live) =>
        ends.exited(instance, spec, live, event, draft),
      )
      break
    case 'emptied':
      draft.withRun(event.run, 'ended', (instance, spec, live) =>
        ends.emptied(instance, spec, live, draft),
      )
      break
    case 'overMemoryLimit':
      draft.withRun(event.run, 'alive', (instance, spec, live) =>
        lives.overMemoryLimit(instance, spec, live, event.bytes, draft),
      )
      break
    case 'outputEnded':
      outputEnded(draft, event.run)
      break
    case 'connected':
      connected(draft, event.process)
      break
    case 'deadline':
      deadline(draft, event.key)
      break
    case 'swept':
      if (draft.state.phase === 'sweeping') draft.amend({ isSwept: true })
      break
    case 'configRead':
      configRead(draft, event.reading)
      break
    case 'broken':
      draft.withInstance(event.instance, (instance, spec) => stops.giveUp(instance, spec, draft))
  }
}

/** The try of a probe that said what it always says: by far the most frequent event, and nothing follows from it. */
function isUneventful({ changes: [change, more] }: Draft, { type }: Event): boolean {
  return type === 'probed' && change?.type === 'probe' && change.isReady === undefined && !more
}

/** What follows from the state itself, whatever event led to it. */
function settle(draft: Draft): void {
  keepUp(draft)
  endByItself(draft)
  renewOld(draft)
  for (const group of draft.state.groups) restartGroup(draft, group)
  // Who is given up with its group may have been the last.
  if (draft.state.groups.some(({ isFailed }) => isFailed)) endByItself(draft)
  if (draft.state.phase !== 'running') cancelRollouts(draft)
  resumeWaiting(draft)
  // Who waits for a connection now may be the last that a rollout waits for.
  if (draft.state.courses.some(({ rollout }) => rollout)) keepUp(draft)
  // And whom it makes may be the first who waits for one.
  watchSockets(draft)
  if (draft.state.phase === 'stopping') stopInTurn(draft)
  if (draft.isForced && count(draft.state.instances, 'isToBeKilled') > 0) {
    draft.each((instance, spec) => stops.graceEnded(instance, spec, draft))
  }
  if (draft.state.phase === 'stopping' && isAllAtRest(draft.state)) {
    draft.enter('sweeping')
    sweep(draft, draft.isForced ? SIGKILL : SIGTERM)
  }
  const { phase, ending, openOutputs } = draft.state
  if (phase === 'sweeping' && ending?.isSwept && openOutputs.length === 0) end(draft)
}

function begin(draft: Draft): void {
  if (draft.state.phase !== 'running') return
  draft.tell({ type: 'supervisor', phase: 'running', reason: 'started', code: 0 })
  const { wallMs } = draft.at
  const courses = draft.state.courses.map((course) => {
    return { ...course, revisions: course.revisions.map((one) => dated(one, wallMs)) }
  })
  draft.state = { ...draft.state, courses, config: { ...draft.state.config, atWallMs: wallMs } }
  draft.each((instance, spec) => starts.begin(instance, spec, draft))
}

/** Those of earlier starts have their time. */
function dated(revision: Revision, wallMs: number): Revision {
  return revision.atWallMs === 0 ? { ...revision, atWallMs: wallMs } : revision
}

function outputEnded(draft: Draft, run: number): void {
  const { openOutputs } = draft.state
  const index = openOutputs.indexOf(run)
  if (index >= 0) draft.state = { ...draft.state, openOutputs: openOutputs.toSpliced(index, 1) }
}

function isAllAtRest({ instances }: State): boolean {
  return count(instances, 'isAtRest') === instances.length
}

/** A process that failed for good takes the container with it; when all have ended by themselves, so do we. */
function endByItself(draft: Draft): void {
  if (draft.state.phase !== 'running' && draft.state.phase !== 'draining') return
  const cause = findCauseToEnd(draft.state)
  if (cause === null) return
  shutDown(draft, cause.reason, cause.code, cause.isFailure)
  // Nothing is left to serve.
  if (draft.state.phase === 'draining' && isAllAtRest(draft.state)) stopAll(draft)
}
