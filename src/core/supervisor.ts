import { ExitCode } from '../lib/exit-codes.ts'
import { signalName } from '../lib/signals.ts'
import type { ProcessSpec, SignalRule } from '../plan/plan.ts'
import { afterMs, chainMs, stepMs, sweepMs, usableMs } from '../plan/shutdown.ts'
import { mayBeRenewed } from './age.ts'
import { lookUp, survey, waitOf } from './dependencies.ts'
import { exitCodeOf, findCauseToEnd } from './ending.ts'
import { describeLimit, groupOf, holdOf, nextToStop, withRestart } from './groups.ts'
import * as lives from './instance.ts'
import type {
  Change,
  ConfigChange,
  Effect,
  Event,
  HookChange,
  InstanceChange,
  Moment,
  ProbeChange,
  Reading,
  SupervisorChange,
  WithdrawalChange,
} from './messages.ts'
import * as ends from './run-end.ts'
import * as starts from './run-start.ts'
import * as stops from './run-stop.ts'
import {
  type Ending,
  type Group,
  type Instance,
  type LiveRun,
  type Stage,
  type State,
  stageOf,
  type Withdrawal,
} from './state.ts'
import { isAtRest, type Step } from './step.ts'
import { heldByOthers, isToBeStopped, nextStuckMonoMs, stopsToCome } from './stop-order.ts'

/** What one event leads to. */
export interface StepResult {
  readonly state: State
  readonly effects: readonly Effect[]
  readonly changes: readonly Change[]
}

/** Decides what an event means. Pure: the same state and event give the same result, and `state` is not touched. */
export function step(state: State, event: Event): StepResult {
  const draft = new Draft(state, event.at, event.unit)
  draft.take(event)
  draft.settle()
  return { state: draft.state, effects: draft.effects, changes: draft.changes }
}

/** Name of the instance that `event` is about; undefined when it is about none that lives. */
export function instanceOf(state: State, event: Event): string | undefined {
  if ('run' in event) return state.instances.find(({ live }) => live?.run === event.run)?.name
  if (event.type !== 'deadline') return undefined
  const [name] = event.key.split('/')
  return state.instances.find((instance) => instance.name === name)?.name
}

const [SIGINT, SIGQUIT, SIGKILL, SIGTERM] = [2, 3, 9, 15]
/** From the end of a budget, when all that is left was killed, to an exit that waits for nothing. */
const overdueMs = 1000

/** How much of the time of a shutdown went by before it: a drain, as long as that lasted. */
function drainedMs(withdrawal: Withdrawal | null, monoMs: number): number {
  return withdrawal === null ? 0 : Math.min(monoMs, withdrawal.untilMonoMs) - withdrawal.sinceMonoMs
}

/** One step in the making. */
class Draft implements Step {
  state: State
  readonly at: Moment
  readonly unit: number
  readonly effects: Effect[] = []
  readonly changes: Change[] = []
  #afterMs: ReadonlyMap<string, number> | null = null

  constructor(state: State, at: Moment, unit: number) {
    this.state = state
    this.at = at
    this.unit = unit
  }

  get isForced(): boolean {
    return this.state.ending?.isForced ?? false
  }

  newRun(): number {
    const run = this.state.nextRun
    this.state = { ...this.state, nextRun: run + 1 }
    return run
  }

  graceMs({ name, graceMs }: Pick<ProcessSpec, 'name' | 'graceMs'>): number {
    if (this.state.ending === null) return graceMs
    // What stops in one step waits for nothing else that does.
    this.#afterMs ??= afterMs(this.state.processes, stopsToCome(this.state, this.at.monoMs))
    return this.shareMs(graceMs, graceMs + (this.#afterMs.get(name) ?? 0))
  }

  waitOf(instance: Instance, spec: ProcessSpec): string | null {
    const hold = holdOf(instance, this.state.groups)
    // Most depend on nothing, and there may be many.
    return hold !== null || spec.dependsOn.length === 0 ? hold : waitOf(spec, lookUp(this.state))
  }

  restartsInGroup(instance: Instance): string | null {
    const { groups, instances } = this.state
    const before = groupOf(instance, groups)
    if (before === undefined) return null
    const group = withRestart(before, instances, instance, this.at.monoMs)
    this.setGroup(before, group)
    const { spec } = group
    return group.isFailed && spec.restartLimit ? describeLimit(spec, spec.restartLimit) : null
  }

  want(...effects: readonly Effect[]): void {
    this.effects.push(...effects)
  }

  tell(
    change:
      | InstanceChange
      | ProbeChange
      | HookChange
      | SupervisorChange
      | WithdrawalChange
      | ConfigChange,
  ): void {
    this.changes.push({ at: this.at, ...change })
  }

  take(event: Event): void {
    switch (event.type) {
      case 'begin':
        this.begin()
        break
      case 'signalled':
        this.signalled(event.signal)
        break
      case 'drain':
        this.drainFirst()
        break
      case 'maintenance':
        if (event.isOn) this.beginMaintenance()
        else this.endWithdrawal()
        break
      case 'shutdown':
        this.shutDown(event.reason, event.code, true)
        break
      case 'spawned':
        this.withRun(event.run, 'queued', (instance, spec, live) => {
          this.state = { ...this.state, openOutputs: [...this.state.openOutputs, event.run] }
          return lives.spawned(instance, spec, live, event.pid, this)
        })
        break
      case 'spawnFailed':
        this.withRun(event.run, 'queued', (instance, spec, live) =>
          ends.spawnFailed(instance, spec, live, event.errno, event.step, this),
        )
        break
      case 'executed':
        this.withRun(event.run, 'alive', (instance, spec, live) =>
          lives.executed(instance, spec, live, this),
        )
        break
      case 'execFailed':
        this.withRun(event.run, 'alive', (instance, _, live) =>
          ends.execFailed(instance, live, `${event.errno} ${event.step}`),
        )
        break
      case 'probed':
        this.withRun(event.run, 'alive', (instance, spec, live) =>
          lives.probed(instance, spec, live, event, this),
        )
        break
      case 'answered':
        this.withRun(event.run, 'alive', (instance, spec, live) =>
          lives.answered(instance, spec, live, event, this),
        )
        break
      case 'exited':
        this.withRun(event.run, 'alive', (instance, spec, live) =>
          ends.exited(instance, spec, live, event, this),
        )
        break
      case 'emptied':
        this.withRun(event.run, 'ended', (instance, spec, live) =>
          ends.emptied(instance, spec, live, this),
        )
        break
      case 'overMemoryLimit':
        this.withRun(event.run, 'alive', (instance, spec, live) =>
          lives.overMemoryLimit(instance, spec, live, event.bytes, this),
        )
        break
      case 'outputEnded':
        this.state = {
          ...this.state,
          openOutputs: this.state.openOutputs.filter((run) => run !== event.run),
        }
        break
      case 'deadline':
        this.deadline(event.key)
        break
      case 'swept':
        if (this.state.phase === 'sweeping') this.amend({ isSwept: true })
        break
      case 'configRead':
        this.configRead(event.reading)
        break
      case 'broken':
        this.each((instance, spec) =>
          instance.name === event.instance ? stops.giveUp(instance, spec, this) : instance,
        )
    }
  }

  /** What follows from the state itself, whatever event led to it. */
  settle(): void {
    this.endByItself()
    this.renewOld()
    for (const group of this.state.groups) this.restartGroup(group)
    // Who is given up with a group may have been the last.
    this.endByItself()
    this.resumeWaiting()
    if (this.state.phase === 'stopping') this.stopInTurn()
    if (this.isForced) {
      this.each((instance, spec) => stops.graceEnded(instance, spec, this))
    }
    if (this.state.phase === 'stopping' && this.state.instances.every(isAtRest)) {
      this.enter('sweeping')
      this.sweep(this.isForced ? SIGKILL : SIGTERM)
    }
    const { phase, ending, openOutputs } = this.state
    if (phase === 'sweeping' && ending?.isSwept && openOutputs.length === 0) this.end()
  }

  private begin(): void {
    if (this.state.phase !== 'running') return
    this.tell({ type: 'supervisor', phase: 'running', reason: 'started', code: 0 })
    this.each((instance, spec) => starts.begin(instance, spec, this))
  }

  private signalled(signal: number): void {
    const rule = this.state.signals[signal]
    if (rule === undefined || this.state.phase === 'ended') return
    switch (rule.action) {
      case 'shutdown':
        this.shutDownBySignal(rule.signal)
        break
      case 'reload':
        this.readConfig()
        break
      case 'reopen-logs':
        this.want({ type: 'reopenLogs' })
        break
      case 'forward':
      case 'forward-always':
        this.forward(rule)
        break
      case 'ignore':
        break
    }
  }

  private shutDownBySignal(signal: number): void {
    this.shutDown(signalName(signal), ExitCode.ok, false)
    if (signal !== SIGINT && signal !== SIGQUIT) return
    if (this.state.ending?.isInterrupted) this.force()
    this.amend({ isInterrupted: true })
  }

  private forward({ action, signal }: SignalRule): void {
    for (const { phase, live } of this.state.instances) {
      if (phase !== 'running' || live === null) continue
      const { run } = live
      this.want(
        action === 'forward'
          ? { type: 'offer', run, signal }
          : { type: 'signal', run, signal, to: 'process' },
      )
    }
  }

  /** Signals that come while the files are read lead to one more reading. */
  private readConfig(): void {
    if (this.state.phase !== 'running') return
    if (this.state.reading === 'no') this.want({ type: 'readConfig' })
    this.state = { ...this.state, reading: this.state.reading === 'no' ? 'once' : 'again' }
  }

  private configRead(reading: Reading): void {
    const isAgain = this.state.reading === 'again'
    if (this.state.reading === 'no') return
    this.state = { ...this.state, reading: 'no' }
    this.tell({ type: 'config', reading })
    if (isAgain) this.readConfig()
  }

  /** Begins the shutdown; a failure does not wait for the drain, also of a shutdown that has begun. */
  private shutDown(reason: string, code: number, isFailure: boolean): void {
    if (this.state.phase === 'running') {
      const { withdrawal } = this.state
      const beganMonoMs = this.at.monoMs - drainedMs(withdrawal, this.at.monoMs)
      const flags = { isInterrupted: false, isForced: false, isOverdue: false, isSwept: false }
      this.state = { ...this.state, ending: { reason, code, beganMonoMs, ...flags } }
      const { drainMs, graceMs } = this.state.shutdown
      const budgetMonoMs = Math.max(this.at.monoMs, beganMonoMs + graceMs)
      this.want({ type: 'wake', key: 'budget', atMonoMs: budgetMonoMs })
      if (drainMs === 0 || isFailure || withdrawal?.isDrained) this.stopAll()
      else this.drain()
    } else if (this.state.phase === 'draining' && isFailure) {
      this.stopAll()
    }
  }

  /** A drain that has begun goes on. */
  private drain(): void {
    this.enter('draining')
    if (this.state.withdrawal?.for === 'drain') return
    this.want({ type: 'wake', key: 'drain', atMonoMs: this.at.monoMs + this.drainShareMs() })
  }

  private drainShareMs(): number {
    const { processes, shutdown } = this.state
    const stopsMs = chainMs(processes, stopsToCome(this.state, this.at.monoMs))
    return stepMs(shutdown.drainMs, usableMs(shutdown), shutdown.drainMs + stopsMs)
  }

  /** The drain of a shutdown that is still to be asked for. */
  private drainFirst(): void {
    if (this.state.phase !== 'running' || this.state.withdrawal?.for === 'drain') return
    const untilMonoMs = this.at.monoMs + this.drainShareMs()
    const isDrained = untilMonoMs === this.at.monoMs
    if (!isDrained) this.want({ type: 'wake', key: 'drain', atMonoMs: untilMonoMs })
    this.withdraw({ for: 'drain', isDrained, sinceMonoMs: this.at.monoMs, untilMonoMs })
  }

  private beginMaintenance(): void {
    if (this.state.phase !== 'running' || this.state.withdrawal !== null) return
    const { monoMs } = this.at
    this.withdraw({
      ...{ for: 'maintenance', isDrained: false },
      ...{ sinceMonoMs: monoMs, untilMonoMs: monoMs },
    })
  }

  private endWithdrawal(): void {
    if (this.state.phase !== 'running' || this.state.withdrawal === null) return
    this.endDrain()
    this.withdraw(null)
  }

  private withdraw(withdrawal: Withdrawal | null): void {
    this.state = { ...this.state, withdrawal }
    const withdrawn = withdrawal && { for: withdrawal.for, isDrained: withdrawal.isDrained }
    this.tell({ type: 'withdrawal', withdrawn })
  }

  /** Its deadline means nothing any more. */
  private endDrain(): void {
    const { phase, withdrawal } = this.state
    const isAwaited = withdrawal?.for === 'drain' && !withdrawal.isDrained
    if (phase === 'draining' || isAwaited) {
      this.want({ type: 'wake', key: 'drain', atMonoMs: null })
    }
  }

  private stopAll(): void {
    this.endDrain()
    const groups = this.state.groups.map((group) => ({ ...group, restarting: [] }))
    this.state = { ...this.state, groups }
    this.enter('stopping')
    this.each((instance, spec) =>
      isToBeStopped(instance) ? stops.stopLater(instance, this) : stops.stop(instance, spec, this),
    )
  }

  /** Stops what nothing depends on that is not at rest, or all at once. */
  private stopInTurn(): void {
    const { monoMs } = this.at
    const waiting = this.state.instances.filter(isToBeStopped)
    const isFree = waiting.length === 0 || this.isForced
    const held = isFree ? new Set() : heldByOthers(this.state, monoMs)
    const due = new Set(waiting.filter(({ process }) => !held.has(process)))
    if (due.size > 0) {
      this.each((instance, spec) =>
        due.has(instance) ? stops.stop(instance, spec, this) : instance,
      )
    }
    const turnAtMonoMs = nextStuckMonoMs(this.state, monoMs)
    if (turnAtMonoMs === this.state.turnAtMonoMs) return
    this.state = { ...this.state, turnAtMonoMs }
    this.want({ type: 'wake', key: 'turn', atMonoMs: turnAtMonoMs })
  }

  /** Somebody will not wait: SIGKILL to all that has had its stop signal. */
  private force(): void {
    if (this.isForced) return
    this.amend({ isForced: true })
    if (this.state.phase === 'draining') this.stopAll()
    if (this.state.phase === 'sweeping') this.sweep(SIGKILL)
  }

  private deadline(key: string): void {
    const { phase, ending, withdrawal } = this.state
    switch (key) {
      case 'drain':
        if (phase === 'draining') this.stopAll()
        else if (phase === 'running' && withdrawal?.for === 'drain' && !withdrawal.isDrained) {
          this.withdraw({ ...withdrawal, isDrained: true })
        }
        break
      case 'turn':
        this.state = { ...this.state, turnAtMonoMs: null }
        break
      case 'sweep':
        if (phase !== 'sweeping') break
        if (ending?.isForced) this.end()
        else this.force()
        break
      case 'budget':
        if (ending === null || phase === 'ended') break
        if (ending.isOverdue) this.end()
        else this.outliveBudget()
        break
      default:
        this.instanceDeadline(key)
    }
  }

  private instanceDeadline(key: string): void {
    const [name, purpose] = key.split('/')
    this.each((instance, spec) => {
      if (instance.name !== name) return instance
      switch (purpose) {
        case 'kill':
          return stops.graceEnded(instance, spec, this)
        case 'hook':
          return stops.hookTimeEnded(instance, spec, this)
        case 'age':
          return lives.grownOld(instance)
        default:
          return starts.waitEnded(instance, spec, this)
      }
    })
  }

  /** Only what SIGKILL does not end, or not at once, lives now. */
  private outliveBudget(): void {
    this.amend({ isOverdue: true })
    this.force()
    this.want({ type: 'wake', key: 'budget', atMonoMs: this.at.monoMs + overdueMs })
  }

  /** A process that failed for good takes the container with it; when all have ended by themselves, so do we. */
  private endByItself(): void {
    if (this.state.phase !== 'running' && this.state.phase !== 'draining') return
    const cause = findCauseToEnd(this.state)
    if (cause === null) return
    this.shutDown(cause.reason, cause.code, cause.isFailure)
    // Nothing is left to serve.
    if (this.state.phase === 'draining' && this.state.instances.every(isAtRest)) {
      this.stopAll()
    }
  }

  /** Its instances end in the reverse order, one process after the other, and start again when all have ended and no one waits for a backoff. */
  private restartGroup(group: Group): void {
    const { spec, restarting, isFailed } = group
    if (restarting.length === 0) return
    const turn = nextToStop(group, this.state.instances).map(({ name }) => name)
    this.each((instance, own) => {
      if (!restarting.includes(instance.name) || isAtRest(instance)) return instance
      if (isFailed && (instance.live === null || turn.includes(instance.name))) {
        return stops.giveUp(instance, own, this, `group ${spec.name} failed`)
      }
      return turn.includes(instance.name)
        ? stops.stopToRestart(instance, own, `group ${spec.name}`, this)
        : instance
    })
    const isWaited = this.state.instances.some(
      ({ name, phase }) => restarting.includes(name) && phase === 'backoff',
    )
    if (turn.length > 0 || isWaited) return
    this.setGroup(group, { ...group, restarting: [] })
    for (const name of restarting) {
      this.each((instance, own) =>
        instance.name === name && instance.isWaiting ? starts.start(instance, own, this) : instance,
      )
    }
  }

  private setGroup(before: Group, group: Group): void {
    const { groups } = this.state
    this.state = { ...this.state, groups: groups.with(groups.indexOf(before), group) }
  }

  /** Starts what has waited for what is there now. */
  private resumeWaiting(): void {
    // After each result of a probe, of which there may be hundreds a second.
    if (!this.state.instances.some(({ isWaiting }) => isWaiting)) return
    const waiting = new Set(
      this.state.instances.flatMap(({ isWaiting, process }) => (isWaiting ? process : [])),
    )
    const known = survey(this.state)
    const free = this.state.processes.filter(
      (spec) => waiting.has(spec.name) && waitOf(spec, known) === null,
    )
    if (free.length === 0) return
    this.each((instance, spec) =>
      instance.isWaiting && free.includes(spec) && holdOf(instance, this.state.groups) === null
        ? starts.launch(instance, this)
        : instance,
    )
  }

  /** Ends runs that are too old; of those that are ready, one of a process at a time, when nothing keeps the next run from starting. A drain is for an end. */
  private renewOld(): void {
    const { phase, withdrawal, instances } = this.state
    if (phase !== 'running' || withdrawal?.for === 'drain') return
    if (!instances.some(({ live }) => live?.age === 'old')) return
    this.each((instance, spec) =>
      mayBeRenewed(instance, this.state.instances) && this.waitOf(instance, spec) === null
        ? stops.renew(instance, spec, this)
        : instance,
    )
  }

  private sweep(signal: number): void {
    const atMonoMs = this.at.monoMs + this.shareMs(sweepMs, sweepMs)
    this.want({ type: 'wake', key: 'sweep', atMonoMs }, { type: 'sweep', signal })
  }

  private end(): void {
    this.enter('ended')
    for (const key of ['sweep', 'budget'] as const) this.want({ type: 'wake', key, atMonoMs: null })
    this.want({ type: 'exit', code: this.state.ending?.code ?? ExitCode.internal })
  }

  /** What a step gets of its own time: all of it, or in a shutdown its share of what is left of the budget. */
  private shareMs(ownMs: number, chainMs: number): number {
    const { ending, shutdown } = this.state
    if (ending === null) return ownMs
    const leftMs = ending.beganMonoMs + usableMs(shutdown) - this.at.monoMs
    return stepMs(ownMs, leftMs, chainMs)
  }

  private amend(part: Partial<Ending>): void {
    const { ending } = this.state
    if (ending !== null) this.state = { ...this.state, ending: { ...ending, ...part } }
  }

  private enter(phase: State['phase']): void {
    const { reason, code } = this.state.ending ?? { reason: '', code: 0 }
    this.state = { ...this.state, phase }
    this.tell({ type: 'supervisor', phase, reason, code })
  }

  /** Runs `change` for the instance whose live run is `run`; an event of an older run, or of another stage of it, is dropped. */
  private withRun(
    run: number,
    stage: Stage,
    change: (instance: Instance, spec: ProcessSpec, live: LiveRun) => Instance,
  ): void {
    const index = this.state.instances.findIndex((instance) => instance.live?.run === run)
    const instance = this.state.instances[index]
    if (!instance?.live || stageOf(instance.live) !== stage) return
    this.replace(index, change(instance, this.specOf(instance), instance.live))
  }

  private each(change: (instance: Instance, spec: ProcessSpec) => Instance): void {
    for (const [index, instance] of this.state.instances.entries()) {
      this.replace(index, change(instance, this.specOf(instance)))
    }
  }

  private replace(index: number, instance: Instance): void {
    const before = this.state.instances[index]
    if (before === instance) return
    this.state = { ...this.state, instances: this.state.instances.with(index, instance) }
    if (instance.phase === 'failed' && this.state.firstFailureCode === null) {
      this.state = { ...this.state, firstFailureCode: exitCodeOf(instance) }
    }
  }

  private specOf(instance: Instance): ProcessSpec {
    const spec = this.state.processes.find((process) => process.name === instance.process)
    if (spec === undefined) throw new Error(`no process ${instance.process}`)
    return spec
  }
}
