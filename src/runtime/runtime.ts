import { preview, whyNotApply } from '../core/apply.ts'
import type { Change } from '../core/changes.ts'
import type { Effect } from '../core/effects.ts'
import type { DeadlineKey, Fact } from '../core/events.ts'
import { initialState } from '../core/initial-state.ts'
import { obstacleToUndo } from '../core/obstacle.ts'
import type { View } from '../core/view.ts'
import type { PlanDiff } from '../plan/diff.ts'
import type { Plan } from '../plan/plan.ts'
import type { ProcessSpec } from '../plan/process-spec.ts'
import type { OwnAddresses } from '../ports/addresses.ts'
import type { ConfigSource } from '../ports/config-source.ts'
import type { ExitSource } from '../ports/exit-source.ts'
import type { Prober } from '../ports/prober.ts'
import type { RevisionStore } from '../ports/revision-store.ts'
import type { Sockets } from '../ports/sockets.ts'
import { Connections } from './connections.ts'
import { Deadlines } from './deadlines.ts'
import { type Handle, Handles } from './handles.ts'
import { Hooks } from './hooks.ts'
import { Queue } from './queue.ts'
import { type RunPorts, Runs } from './runs.ts'
import { Trees } from './trees.ts'
import { Tries } from './tries.ts'

export interface RuntimePorts extends Omit<RunPorts, 'deadlines' | 'post' | 'report'> {
  readonly exits: ExitSource
  readonly prober: Prober
  readonly sockets: Sockets
  readonly config: ConfigSource
  readonly addresses: OwnAddresses
  readonly revisions: RevisionStore
  /** Ends Ringmaster. */
  readonly exit: (code: number) => void
  /** Hears of every change, in order. */
  readonly publish: (change: Change) => void
}

/** What may come before an end that waits to be told. */
const ofRuns: ReadonlySet<Fact['type']> = new Set([
  ...(['spawned', 'spawnFailed', 'executed', 'execFailed'] as const),
  ...(['exited', 'emptied', 'outputEnded'] as const),
])

/** Carries out what the core wants by means of the ports, and posts what comes of it. */
export class Runtime {
  readonly #ports: RuntimePorts
  readonly #queue: Queue
  readonly #deadlines: Deadlines
  readonly #tries: Tries
  readonly #hooks: Hooks
  readonly #connections: Connections
  readonly #handles = new Handles()
  readonly #trees: Trees
  readonly #runs: Runs

  constructor(plan: Plan, ports: RuntimePorts) {
    this.#ports = ports
    const { clock, publish } = ports
    const perform = (effect: Effect) => this.#perform(effect)
    const state = initialState(plan, ports.revisions.past)
    this.#queue = new Queue(state, { clock, perform, publish })
    this.#deadlines = new Deadlines(clock)
    const post = (fact: Fact) => this.post(fact)
    const report = (error: unknown) => this.report(error)
    const all = { ...ports, deadlines: this.#deadlines, post, report }
    this.#trees = new Trees(this.#handles, all)
    this.#runs = new Runs(this.#handles, this.#trees, all)
    this.#tries = new Tries(all)
    this.#hooks = new Hooks(all)
    this.#connections = new Connections(ports.sockets, post)
    ports.exits.onExit((pid, status, isOrphan) => this.#runs.exited(pid, status, isOrphan))
  }

  post(fact: Fact): void {
    // Else a grace would be over, or a probe have failed, of a process that ended in time.
    if (!ofRuns.has(fact.type)) this.#runs.tellEnds()
    this.#queue.post(fact)
  }

  /** What processes are now. */
  specs(): readonly ProcessSpec[] {
    return this.#queue.specs()
  }

  /** What a plan would change. */
  preview(plan: Plan): PlanDiff {
    return preview(this.#queue.state, plan)
  }

  /** Why a plan cannot be applied now; null: it can. */
  whyNotApply(plan: Plan): string | null {
    return whyNotApply(this.#queue.state, plan)
  }

  /** Why a process cannot go back to a revision (null: the last good one); null: it can. */
  obstacleToUndo(process: string, toRevision: number | null): string | null {
    return obstacleToUndo(this.#queue.state, process, toRevision)
  }

  view(): View {
    return this.#queue.view()
  }

  /** Publishes an error that nobody expected. */
  report(error: unknown): void {
    this.#queue.report(error)
  }

  #perform(effect: Effect): void {
    switch (effect.type) {
      case 'spawn':
        this.#runs.start(effect)
        break
      case 'cancelSpawn':
        this.#runs.cancel(effect.run)
        break
      case 'stop':
        this.#runs.stop(effect)
        break
      case 'signal':
        this.#runs.signal(effect)
        break
      case 'send':
        this.#runs.send(effect)
        break
      case 'offer':
        this.#runs.offer(effect)
        break
      case 'endTree':
        this.#trees.end(effect.run, effect.signal, effect.sparesGroup)
        break
      case 'abandon':
        this.#trees.abandon(effect.run)
        break
      case 'watchSockets':
        this.#connections.watch(effect.process, effect.sockets)
        break
      case 'unwatchSockets':
        this.#connections.unwatch(effect.process)
        break
      case 'wake':
        this.#wake(effect.key, effect.atMonoMs)
        break
      case 'probe':
        this.#withHandle(effect.run, (handle) => this.#tries.plan(effect, handle))
        break
      case 'stopProbe':
        this.#tries.stop(effect)
        break
      case 'ask':
        this.#withHandle(effect.run, ({ spec, runId }) => this.#hooks.ask(effect, spec, runId))
        break
      case 'dismiss':
        this.#hooks.dismiss(effect)
        break
      case 'sweep':
        this.#trees.sweep(effect.signal)
        break
      case 'move':
        this.#ports.addresses.move(effect)
        break
      case 'readConfig':
        this.#ports.config
          .read(null, (reading) => this.post({ type: 'configRead', reading }))
          .catch((error: unknown) => this.report(error))
        break
      case 'adopt':
        this.#runs.adopt(effect)
        break
      case 'forget':
        this.#ports.output.forget(effect.instance)
        break
      case 'reopenLogs':
        this.#ports.output.reopenFiles()
        break
      case 'keepRevisions':
        this.#ports.revisions.keep(effect.past)
        break
      case 'exit':
        this.#ports.exit(effect.code)
        break
    }
  }

  #wake(key: DeadlineKey, atMonoMs: number | null): void {
    if (atMonoMs === null) this.#deadlines.clear(key)
    else this.#deadlines.set(key, atMonoMs, () => this.post({ type: 'deadline', key }))
  }

  #withHandle(run: number, work: (handle: Handle) => void): void {
    const handle = this.#handles.get(run)
    if (handle) work(handle)
  }
}
