import type { GroupSpec } from '../plan/plan.ts'
import type { RestartLimit } from '../plan/process-spec.ts'
import type { Instance } from './instance-state.ts'
import { allowsRestart, recentRestarts } from './restart-limit.ts'
import type { Group } from './state.ts'
import { isAtRest } from './step.ts'

/**
 * The group when `instance`, one of its own, is about to be restarted: that counts, and others may have to be restarted with it. What is
 * being restarted is part of that and no restart of its own. One restart too many, and the group has failed. Pure.
 */
export function withRestart(
  group: Group,
  instances: readonly Instance[],
  instance: Instance,
  monoMs: number,
): Group {
  const { spec, restarting } = group
  if (restarting.includes(instance.name)) return group
  const recent = recentRestarts(group.recentRestartsMonoMs, spec.restartLimit, monoMs)
  const members = membersOf(spec, instances)
  if (!allowsRestart(recent, 0, spec.restartLimit)) {
    return { ...group, isFailed: true, restarting: members.map(({ name }) => name) }
  }
  const affected = members.filter(
    (one) =>
      restarting.includes(one.name) ||
      (one.isWanted && !isAtRest(one) && goesWith(spec, one, instance)),
  )
  const isAlone = affected.every(({ name }) => name === instance.name)
  return {
    ...group,
    recentRestartsMonoMs: spec.restartLimit === null ? [] : [...recent, monoMs],
    restarting: isAlone ? [] : affected.map(({ name }) => name),
  }
}

/** Of what is restarted together those whose turn it is to be stopped: the last process of which something lives. Empty: all have ended. Pure. */
export function nextToStop(group: Group, instances: readonly Instance[]): readonly Instance[] {
  const living = membersOf(group.spec, instances).filter(
    ({ name, live }) => live !== null && group.restarting.includes(name),
  )
  return living.filter(({ process }) => process === living.at(-1)?.process)
}

/** Why an instance must not start now: its group is being restarted; null when it may. Pure. */
export function holdOf({ name }: Instance, groups: readonly Group[]): string | null {
  const group = groups.find(({ restarting }) => restarting.includes(name))
  return group === undefined ? null : `waiting for group ${group.spec.name}`
}

/** The group that an instance belongs to. */
export function groupOf({ process }: Instance, groups: readonly Group[]): Group | undefined {
  return groups.find(({ spec }) => spec.processes.includes(process))
}

/** What the limit of a group allows, in words. */
export function describeLimit({ name }: GroupSpec, { count, withinMs }: RestartLimit): string {
  return `restart limit of group ${name}: ${count} within ${withinMs / 1000} s`
}

/** In the order of the group, and then of their numbers. */
function membersOf({ processes }: GroupSpec, instances: readonly Instance[]): readonly Instance[] {
  return processes.flatMap((name) => instances.filter(({ process }) => process === name))
}

/** Whether `one` is restarted when `ended` is. */
function goesWith({ strategy, processes }: GroupSpec, one: Instance, ended: Instance): boolean {
  if (one.name === ended.name) return true
  switch (strategy) {
    case 'OneForOne':
      return false
    case 'OneForAll':
      return true
    case 'RestForOne':
      return processes.indexOf(one.process) > processes.indexOf(ended.process)
  }
}
