import { ExitCode, toExitCode } from '../lib/exit-codes.ts'
import type { Cause } from './changes.ts'
import { isProven } from './course.ts'
import { survey, waitingInVain } from './dependencies.ts'
import { groupOf } from './groups.ts'
import type { Instance } from './instance-state.ts'
import type { State } from './state.ts'
import { isDone } from './step.ts'
import { count } from './tally.ts'

/** Why Ringmaster ends by itself, and with which code. */
export interface CauseToEnd {
  readonly reason: string
  readonly code: number
  readonly isFailure: boolean
}

/** What in `state` asks for a shutdown: a process that must not fail has, one that ends us has ended, or nothing can run again. Null when nothing does. */
export function findCauseToEnd(state: State): CauseToEnd | null {
  const { courses, groups, instances, processes } = state
  const done = count(instances, 'isDone') === 0 ? [] : instances.filter(isDone)
  for (const instance of done) {
    const course = courses.find(({ process }) => process === instance.process)
    if (!isProven(instance, course)) continue
    const spec = processes.find((process) => process.name === instance.process)
    const group = groupOf(instance, groups)
    const endsAll = group?.isFailed
      ? group.spec.isEssential
      : spec?.isEssential || spec?.isShutdownOnExit
    if (instance.phase === 'failed' && endsAll) {
      return { reason: `${instance.name} failed`, code: exitCodeOf(instance), isFailure: true }
    }
    if (instance.phase === 'succeeded' && spec?.isShutdownOnExit) {
      const code = instance.last?.status?.code ?? ExitCode.ok
      return { reason: `${instance.name} succeeded`, code, isFailure: false }
    }
  }
  if (!isOver(state)) return null
  return state.firstFailureCode === null
    ? { reason: 'all processes succeeded', code: ExitCode.ok, isFailure: false }
    : { reason: 'all processes ended', code: state.firstFailureCode, isFailure: true }
}

/** Nothing runs, and nothing can run again by itself. */
function isOver(state: State): boolean {
  const { instances, processes } = state
  if (processes.some((process) => process.replicas === 0)) return false
  if (count(instances, 'isBusy') > 0) return false
  const waiting = instances.filter((one) => !isDone(one))
  const inVain = waiting.length === 0 ? new Set() : waitingInVain(survey(state))
  return waiting.every(({ name }) => inVain.has(name))
}

/** What Ringmaster ends with when `instance` failed: the code of its last run, or "gave up" where that has none to blame it on. */
export function exitCodeOf({ last }: Instance): number {
  if (last === null || endedByUs.has(last.cause)) return ExitCode.gaveUp
  if (last.status === null) return ExitCode.notExecutable
  return toExitCode(last.status) || ExitCode.gaveUp
}

/** How the main process ended says nothing about it then. */
const endedByUs: ReadonlySet<Cause> = new Set([
  'stop-requested',
  'grace-exceeded',
  'startup-failed',
  'liveness-failed',
  'watchdog',
  'memory-limit',
  'max-age',
])
