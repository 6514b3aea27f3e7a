import type {
  Change,
  CommandChange,
  ConfigChange,
  HookChange,
  InstanceChange,
  NoticeChange,
  ProbeChange,
  RolloutChange,
  SupervisorChange,
  WithdrawalChange,
} from '../core/changes.ts'
import type { ExitStatus } from '../lib/exit-codes.ts'
import { signalName } from '../lib/signals.ts'
import { isEmpty, type ProcessDiff } from '../plan/diff.ts'
import type { LogLevel } from '../plan/plan.ts'

/** A change as people read it. */
export interface Description {
  readonly level: LogLevel
  readonly message: string
}

export function describe(change: Change): Description {
  switch (change.type) {
    case 'instance':
      return describeInstance(change)
    case 'probe':
      return describeProbe(change)
    case 'notice':
      return describeNotice(change)
    case 'hook':
      return describeHook(change)
    case 'departure':
      return { level: 'info', message: `${change.instance} is no more` }
    case 'scale':
      return {
        level: 'info',
        message: `${change.process} scales from ${change.previous} to ${change.replicas}${askedFor(change.by)}`,
      }
    case 'rollout':
      return describeRollout(change)
    case 'supervisor':
      return describeSupervisor(change)
    case 'withdrawal':
      return describeWithdrawal(change)
    case 'command':
      return describeCommand(change)
    case 'config':
      return describeConfig(change)
    case 'internalError':
      return { level: 'error', message: `internal error: ${change.message}` }
  }
}

function describeInstance(change: InstanceChange): Description {
  const { instance, pid, phase, cause, status, refused, reason } = change
  const ended = `${instance} ended: ${endOf(change)}`
  switch (phase) {
    case 'pending':
      if (cause !== undefined && !isOnDemand(change)) {
        return restart(change, reason ? `, ${reason}` : ' at once')
      }
      if (reason !== undefined) return { level: 'info', message: `${instance} is ${reason}` }
      return refused === undefined
        ? { level: 'info', message: `${instance} starts` }
        : { level: 'warn', message: `${instance} cannot start now: ${refused}; tried again soon` }
    case 'starting':
      return { level: 'debug', message: `${instance} has process ${pid}` }
    case 'running':
      return { level: 'info', message: `${instance} runs as process ${pid}` }
    case 'stopping':
      if (status === undefined && reason !== undefined) {
        const level = cause === undefined || cause === 'max-age' ? 'info' : 'warn'
        return { level, message: `${instance} is stopped: ${reason}` }
      }
      return cause === undefined
        ? { level: 'info', message: `${instance} stops` }
        : {
            level: cause === 'completed' ? 'info' : 'warn',
            message: reason ? `${ended}, ${reason}` : ended,
          }
    case 'backoff':
      return restart(change, ` in ${Math.round(change.delayMs ?? 0)} ms`)
    case 'stopped':
      return cause === undefined
        ? { level: 'info', message: `${instance} stopped` }
        : {
            level: cause === 'stop-requested' || cause === 'max-age' ? 'info' : 'warn',
            message: `${instance} stopped: ${endOf(change)}`,
          }
    case 'succeeded':
      return { level: 'info', message: `${ended}; done` }
    case 'failed':
      return {
        level: 'error',
        message: `${ended}; not started again${reason ? `: ${reason}` : ''}`,
      }
  }
}

/** A success that is no reason for a restart: the next run is for the next connection. */
function isOnDemand({ cause, delayMs }: InstanceChange): boolean {
  return cause === 'completed' && delayMs === undefined
}

/** The end of a process was told when it happened; that there was none is told here. */
function restart(change: InstanceChange, when: string): Description {
  const { instance, status } = change
  return status === undefined
    ? { level: 'warn', message: `${instance} cannot start: ${endOf(change)}; tried again${when}` }
    : { level: 'info', message: `${instance} restarts${when}` }
}

/** How a run ended, in words: `code 3`. */
export function endOf({ cause, status, refused }: InstanceChange): string {
  if (refused !== undefined) return refused
  const how = status === undefined ? 'no process' : describeStatus(status)
  switch (cause) {
    case 'grace-exceeded':
      return `${how}, did not stop within its grace`
    case 'oom-killed':
      return `${how}, killed by the kernel: out of memory`
    case 'heap-limit':
      return `${how}, its heap reached its limit`
    case 'startup-failed':
      return `${how}, its start had failed`
    case 'liveness-failed':
      return `${how}, its liveness probe had failed`
    case 'watchdog':
      return `${how}, its watchdog had expired`
    case 'memory-limit':
      return `${how}, it was over its memory limit`
    case 'max-age':
      return `${how}, it was too old`
    default:
      return how
  }
}

/** Whether the result of a try is told but for debugging. A failure that counts is, also the one that ends the run: with it comes what a command wrote. */
export function isNews({ isOk, isReady, failures }: ProbeChange): boolean {
  return isReady !== undefined || isOk === null || failures !== undefined
}

function describeProbe(change: ProbeChange): Description {
  const { instance, probe, isOk, detail, isReady, failures, failureThreshold } = change
  if (isReady === true) return { level: 'info', message: `${instance} is ready` }
  if (isOk === null) {
    return { level: 'warn', message: `${instance} ${probe} probe cannot be tried now: ${detail}` }
  }
  const what = isOk ? `${probe} probe succeeded` : `${probe} probe failed: ${detail}`
  const count = failures === undefined ? '' : ` (${failures}/${failureThreshold})`
  if (isReady === false)
    return { level: 'warn', message: `${instance} is not ready: ${what}${count}` }
  return {
    level: isNews(change) ? 'warn' : 'debug',
    message: `${instance} ${what}${count}`,
  }
}

function describeNotice({ instance, status, isReady, detail }: NoticeChange): Description {
  if (status !== undefined) return { level: 'info', message: `${instance} says: ${status}` }
  const message = isReady ? `${instance} is ready` : `${instance} is not ready: ${detail}`
  return { level: 'info', message }
}

function describeHook({ instance, hook, isOk, detail }: HookChange): Description {
  return isOk
    ? { level: 'debug', message: `${instance} ${hook} is done` }
    : { level: 'warn', message: `${instance} ${hook} failed: ${detail}` }
}

function describeStatus({ code, signal }: ExitStatus): string {
  return signal === 0 ? `code ${code}` : `signal ${signalName(signal)}`
}

function describeWithdrawal({ withdrawn, by }: WithdrawalChange): Description {
  if (withdrawn === null) {
    return { level: 'info', message: `ringmaster may be ready again${askedFor(by)}` }
  }
  const { for: reason, isDrained } = withdrawn
  const message = isDrained ? 'ringmaster has drained' : `ringmaster is not ready: ${reason}`
  return { level: 'info', message: `${message}${askedFor(by)}` }
}

function describeCommand({ command, instances, by, signal }: CommandChange): Description {
  const [first, second, third, ...others] = instances
  const some = [first, second, third].filter((name) => name !== undefined).join(', ')
  const names = others.length === 0 ? some : `${some} and ${others.length} others`
  const what = signal === undefined ? `${command} of` : `${signalName(signal)} for`
  return { level: 'info', message: `${what} ${names}${askedFor(by)}` }
}

function askedFor(by: string | undefined): string {
  return by === undefined ? '' : `, asked for by ${by}`
}

function describeConfig(change: ConfigChange): Description {
  const { problem, diff, by } = change
  if (problem !== null) {
    return {
      level: 'error',
      message: `the configuration is not usable, nothing changes: ${problem}`,
    }
  }
  if (diff === null || isEmpty(diff)) {
    const message = isFromElsewhere(change)
      ? `${describeReplacement(change)}, by ${by}, and changes nothing`
      : 'the configuration is as it was'
    return { level: 'info', message }
  }
  const fixed = diff.fixed.map((name) => `${name} (needs a restart of the container)`)
  const words = [...diff.processes.map(describeDifference), ...diff.settings, ...fixed]
  return {
    level: fixed.length > 0 ? 'warn' : 'info',
    message: `${describeReplacement(change)}, by ${by}: ${words.join(', ')}`,
  }
}

function isFromElsewhere({ files = [], previous = [] }: ConfigChange): boolean {
  return files.join() !== previous.join()
}

/** A reload goes back to the files of the start, whatever was applied since. */
function describeReplacement(change: ConfigChange): string {
  const { files = [], previous = [] } = change
  if (!isFromElsewhere(change)) return 'the configuration changes'
  const name = (all: readonly string[]) => (all.length === 0 ? 'the command line' : all.join(', '))
  return `the configuration of ${name(files)} replaces that of ${name(previous)}`
}

function describeDifference({ process, kind, fields }: ProcessDiff): string {
  return fields.length === 0 ? `${process} ${kind}` : `${process} ${kind} (${fields.join(', ')})`
}

function describeRollout({ process, revision, state, reason }: RolloutChange): Description {
  const what = `rollout of ${process} to revision ${revision}`
  switch (state) {
    case 'started':
      return { level: 'info', message: `${what} starts: ${reason}` }
    case 'paused':
    case 'resumed':
      return { level: 'info', message: `rollouts of ${process} are ${state}, by ${reason}` }
    case 'failed':
      return { level: 'error', message: `${what} has failed: ${reason}` }
    case 'returned':
      return { level: 'warn', message: `${process} has returned to revision ${revision}` }
    case 'completed':
    case 'superseded':
      return { level: 'info', message: `${what} is ${state}` }
  }
}

function describeSupervisor({ phase, reason, code }: SupervisorChange): Description {
  const level = code === 0 ? 'info' : 'error'
  switch (phase) {
    case 'running':
      return { level, message: 'ringmaster started' }
    case 'draining':
      return { level, message: `ringmaster drains: ${reason}` }
    case 'stopping':
      return { level, message: `ringmaster shuts down: ${reason}` }
    case 'sweeping':
      return { level, message: 'ringmaster ends what is left' }
    case 'ended':
      return { level, message: `ringmaster ends with code ${code}: ${reason}` }
  }
}
