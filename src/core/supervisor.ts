import { ExitCode, toExitCode } from '../lib/exit-codes.ts'
import { SIGRTMIN, signalName } from '../lib/signals.ts'
import type { ProcessSpec } from '../plan/plan.ts'
import * as instanceSteps from './instance.ts'
import type { Change, Effect, Event, InstanceChange, Moment, SupervisorChange } from './messages.ts'
import { type Instance, type LiveRun, type Stage, type State, stageOf } from './state.ts'

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

/** How long what is left at the very end has from SIGTERM to SIGKILL, and from there to the exit. */
const sweepGraceMs = 1000

const [SIGINT, SIGQUIT, SIGKILL, SIGTERM] = [2, 3, 9, 15]
/** What asks Ringmaster to shut down; RTMIN+3 is systemd's "halt". */
const shutdownSignals: ReadonlySet<number> = new Set([SIGTERM, SIGINT, SIGQUIT, SIGRTMIN + 3])

/** One step in the making. */
class Draft implements instanceSteps.Step {
  state: State
  readonly at: Moment
  readonly unit: number
  readonly effects: Effect[] = []
  readonly changes: Change[] = []

  constructor(state: State, at: Moment, unit: number) {
    this.state = state
    this.at = at
    this.unit = unit
  }

  newRun(): number {
    const run = this.state.nextRun
    this.state = { ...this.state, nextRun: run + 1 }
    return run
  }

  want(...effects: readonly Effect[]): void {
    this.effects.push(...effects)
  }

  tell(change: InstanceChange | SupervisorChange): void {
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
      case 'shutdown':
        this.shutDown(event.reason, event.code)
        break
      case 'spawned':
        this.withRun(event.run, 'queued', (instance, spec, live) => {
          this.state = { ...this.state, openOutputs: [...this.state.openOutputs, event.run] }
          return instanceSteps.spawned(instance, spec, live, event.pid, this)
        })
        break
      case 'spawnFailed':
        this.withRun(event.run, 'queued', (instance, spec, live) =>
          instanceSteps.spawnFailed(instance, spec, live, event.errno, event.step, this),
        )
        break
      case 'executed':
        this.withRun(event.run, 'alive', (instance, _, live) =>
          instanceSteps.executed(instance, live, this),
        )
        break
      case 'execFailed':
        this.withRun(event.run, 'alive', (instance, _, live) =>
          instanceSteps.execFailed(instance, live, `${event.errno} ${event.step}`),
        )
        break
      case 'exited':
        this.withRun(event.run, 'alive', (instance, spec, live) =>
          instanceSteps.exited(instance, spec, live, event.status, this),
        )
        break
      case 'emptied':
        this.withRun(event.run, 'ended', (instance, spec, live) =>
          instanceSteps.emptied(instance, spec, live, this),
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
        if (this.state.phase === 'sweeping') this.end()
    }
  }

  /** What follows from the state itself, whatever event led to it. */
  settle(): void {
    if (this.state.phase === 'running') this.endWhenNothingCanRun()
    if (this.state.isForced) this.each((instance) => instanceSteps.graceEnded(instance, this))
    const { phase, instances, openOutputs } = this.state
    if (
      phase === 'stopping' &&
      instances.every(instanceSteps.isAtRest) &&
      openOutputs.length === 0
    ) {
      this.enter('sweeping')
      this.sweep(this.state.isForced ? SIGKILL : SIGTERM)
    }
  }

  private begin(): void {
    if (this.state.phase !== 'running') return
    this.tell({ type: 'supervisor', phase: 'running', reason: 'started', code: 0 })
    this.each((instance) => instanceSteps.start(instance, this))
  }

  private signalled(signal: number): void {
    if (!shutdownSignals.has(signal) || this.state.phase === 'ended') return
    this.shutDown(signalName(signal), ExitCode.ok)
    if (signal !== SIGINT && signal !== SIGQUIT) return
    if (this.state.isInterrupted) this.force()
    this.state = { ...this.state, isInterrupted: true }
  }

  private shutDown(reason: string, code: number): void {
    if (this.state.phase !== 'running') return
    this.state = { ...this.state, ending: { reason, code } }
    this.enter('stopping')
    this.each((instance, spec) => instanceSteps.stop(instance, spec, this))
  }

  /** Somebody will not wait: SIGKILL to all that has had its stop signal. */
  private force(): void {
    if (this.state.isForced) return
    this.state = { ...this.state, isForced: true }
    if (this.state.phase === 'sweeping') this.sweep(SIGKILL)
  }

  private deadline(key: string): void {
    if (key === 'sweep') {
      if (this.state.phase !== 'sweeping') return
      if (this.state.isForced) this.end()
      else this.force()
      return
    }
    const [name, purpose] = key.split('/')
    this.each((instance) => {
      if (instance.name !== name) return instance
      return purpose === 'kill'
        ? instanceSteps.graceEnded(instance, this)
        : instanceSteps.backoffEnded(instance, this)
    })
  }

  /** A process that failed for good takes the container with it; when all have ended by themselves, so do we. */
  private endWhenNothingCanRun(): void {
    const { instances, processes } = this.state
    const failed = instances.find((instance) => instance.phase === 'failed')
    if (failed !== undefined) {
      const code = failed.last?.status ? toExitCode(failed.last.status) : 0
      this.shutDown(`${failed.name} failed`, code === 0 ? ExitCode.gaveUp : code)
      return
    }
    const isOver =
      processes.every((process) => process.instances.length > 0) &&
      instances.every((instance) => instance.phase === 'succeeded')
    if (isOver) this.shutDown('all processes succeeded', ExitCode.ok)
  }

  private sweep(signal: number): void {
    this.want(
      { type: 'wake', key: 'sweep', atMonoMs: this.at.monoMs + sweepGraceMs },
      { type: 'sweep', signal },
    )
  }

  private end(): void {
    this.enter('ended')
    this.want(
      { type: 'wake', key: 'sweep', atMonoMs: null },
      { type: 'exit', code: this.state.ending?.code ?? ExitCode.internal },
    )
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
    if (this.state.instances[index] === instance) return
    this.state = { ...this.state, instances: this.state.instances.with(index, instance) }
  }

  private specOf(instance: Instance): ProcessSpec {
    const spec = this.state.processes.find((process) => process.name === instance.process)
    if (spec === undefined) throw new Error(`no process ${instance.process}`)
    return spec
  }
}
