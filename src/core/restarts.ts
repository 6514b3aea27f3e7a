import { mayBeRenewed } from './age.ts'
import { survey, waitOf } from './dependencies.ts'
import type { Draft } from './draft.ts'
import { holdOf, nextToStop } from './groups.ts'
import * as starts from './run-start.ts'
import * as stops from './run-stop.ts'
import type { Group } from './state.ts'
import { isAtRest } from './step.ts'
import { count } from './tally.ts'

/** The instances of a group that are restarted together end in the reverse order, one process after the other, and start again when all have ended and no one waits for a backoff. */
export function restartGroup(draft: Draft, group: Group): void {
  const { spec, restarting, isFailed } = group
  if (restarting.length === 0) return
  const turn = nextToStop(group, draft.state.instances).map(({ name }) => name)
  draft.each((instance, own) => {
    if (!restarting.includes(instance.name) || isAtRest(instance)) return instance
    if (isFailed && (instance.live === null || turn.includes(instance.name))) {
      return stops.giveUp(instance, own, draft, `group ${spec.name} failed`)
    }
    return turn.includes(instance.name)
      ? stops.stopToRestart(instance, own, `group ${spec.name}`, draft)
      : instance
  })
  const isWaited = draft.state.instances.some(
    ({ name, phase }) => restarting.includes(name) && phase === 'backoff',
  )
  if (turn.length > 0 || isWaited) return
  draft.setGroup(group, { ...group, restarting: [] })
  for (const name of restarting) {
    draft.each((instance, own) =>
      instance.name === name && instance.isWaiting ? starts.start(instance, own, draft) : instance,
    )
  }
}

/** Starts what has waited for what is there now. */
export function resumeWaiting(draft: Draft): void {
  if (count(draft.state.instances, 'isWaiting') === 0) return
  const waiting = new Set(
    draft.state.instances.flatMap(({ isWaiting, process }) => (isWaiting ? process : [])),
  )
  const known = survey(draft.state)
  const free = draft.state.processes.filter(
    (spec) => waiting.has(spec.name) && waitOf(spec, known) === null,
  )
  if (free.length === 0) return
  draft.each((instance, spec) =>
    instance.isWaiting && free.includes(spec) && holdOf(instance, draft.state.groups) === null
      ? starts.proceed(instance, spec, draft)
      : instance,
  )
}

/** Ends runs that are too old; of those that are ready, one of a process at a time, when nothing keeps the next run from starting. A drain is for an end. */
export function renewOld(draft: Draft): void {
  const { phase, withdrawal, instances } = draft.state
  if (phase !== 'running' || withdrawal?.for === 'drain') return
  if (count(instances, 'isOld') === 0) return
  draft.each((instance, spec) =>
    mayBeRenewed(instance, draft.state.instances) && draft.waitOf(instance, spec) === null
      ? stops.renew(instance, spec, draft)
      : instance,
  )
}
