import { preview } from '../core/apply.ts'
import type { Change } from '../core/changes.ts'
import type { Effect } from '../core/effects.ts'
import type { Clue, DeadlineKey, Fact } from '../core/events.ts'
import { initialState } from '../core/initial-state.ts'
import type { View } from '../core/view.ts'
import type { ExitStatus } from '../lib/exit-codes.ts'
import type { PlanDiff } from '../plan/diff.ts'
import type { Plan } from '../plan/plan.ts'
import type { ProcessSpec } from '../plan/process-spec.ts'
import { toInstance } from '../plan/to-instance.ts'
import type { Cgroup } from '../ports/cgroup.ts'
import type { Clock } from '../ports/clock.ts'
import type { ConfigSource } from '../ports/config-source.ts'
import type { ExitSource } from '../ports/exit-source.ts'
import type { Guard } from '../ports/guard.ts'
import type { MemorySource } from '../ports/memory.ts'
import type { Output, OutputSource, OutputStream } from '../ports/output.ts'
import type { Prober } from '../ports/prober.ts'
import type { ProcessTable } from '../ports/process-table.ts'
import type { Sockets } from '../ports/sockets.ts'
import type { Spawner } from '../ports/spawner.ts'
import { Connections } from './connections.ts'
import { Deadlines } from './deadlines.ts'
import { type Exit, type Handle, Handles } from './handles.ts'
import { isHeapLimit, mayBeHeapLimit } from './heap-limit.ts'
import { Hooks } from './hooks.ts'
import { MemoryWatch } from './memory-watch.ts'
import { Notices } from './notices.ts'
import { OomKills } from './oom-kills.ts'
import { Queue } from './queue.ts'
import { SpawnLane, type SpawnRequest } from './spawn-lane.ts'
import { Trees } from './trees.ts'
import { Tries } from './tries.ts'

export interface RuntimePorts {
  readonly clock: Clock
  readonly spawner: Spawner
  readonly exits: ExitSource
  readonly processes: ProcessTable
  readonly output: Output
  readonly prober: Prober
  readonly guard: Guard
  readonly cgroup: Pick<Cgroup, 'oomKills'>
  readonly memory: MemorySource
  readonly sockets: Sockets
  readonly config: ConfigSource
  /** Ends Ringmaster. */
  readonly exit: (code: number) => void
  /** Hears of every change, in order. */
  readonly publish: (change: Change) => void
}

const SIGKILL = 9

/** Carries out what the core wants by means of the ports, and posts what comes of it. */
export class Runtime {
  readonly #ports: RuntimePorts
  readonly #queue: Queue
  readonly #deadlines: Deadlines
  readonly #tries: Tries
  readonly #hooks: Hooks
  readonly #notices: Notices
  readonly #connections: Connections
  readonly #lane: SpawnLane
  readonly #oomKills: OomKills
  readonly #memoryWatch: MemoryWatch
  readonly #handles = new Handles()
  readonly #trees: Trees

  constructor(plan: Plan, ports: RuntimePorts) {
    this.#ports = ports
    const { clock, publish } = ports
    const perform = (effect: Effect) => this.#perform(effect)
    this.#queue = new Queue(initialState(plan), { clock, perform, publish })
    this.#deadlines = new Deadlines(clock)
    const post = (fact: Fact) => this.post(fact)
    const report = (error: unknown) => this.report(error)
    const { prober, memory, processes, guard } = ports
    this.#trees = new Trees(this.#handles, { clock, processes, guard, post, report })
    this.#tries = new Tries(clock, this.#deadlines, { prober, post, report })
    this.#hooks = new Hooks(clock, this.#deadlines, { prober, post, report })
    const isMain = (pid: number) => this.#handles.isMain(pid)
    this.#notices = new Notices(clock, this.#deadlines, { processes, isMain, post, report })
    this.#connections = new Connections(ports.sockets, post)
    this.#lane = new SpawnLane(clock, (request) => this.#spawn(request))
    this.#oomKills = new OomKills(clock, ports.cgroup)
    this.#memoryWatch = new MemoryWatch(clock, this.#deadlines, { memory, post, report })
    ports.exits.onExit((pid, status, orphan) => this.#onExit(pid, status, orphan))
  }

  post(fact: Fact): void {
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
        this.#lane.add(effect)
        break
      case 'cancelSpawn':
        if (this.#lane.remove(effect.run)) this.#refused(effect.run, 'ECANCELED', 'spawn')
        break
      case 'signal':
        this.#signal(effect)
        break
      case 'send':
        this.#send(effect)
        break
      case 'offer':
        this.#offer(effect)
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
      case 'readConfig':
        // It does not reject.
        void this.#ports.config
          .read(null)
          .then((reading) => this.post({ type: 'configRead', reading }))
        break
      case 'adopt':
        this.#adopt(effect)
        break
      case 'forget':
        this.#ports.output.forget(effect.instance)
        break
      case 'reopenLogs':
        this.#ports.output.reopenFiles()
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

  /** A run keeps what it was started as, so nothing that is read of a spec at its start differs. */
  #adopt({ run, number, spec }: Extract<Effect, { type: 'adopt' }>): void {
    this.#lane.amend(run, spec)
    this.#withHandle(run, (handle) => {
      const { memoryLimitBytes } = handle
      handle.spec = toInstance(spec.template, number)
      handle.memoryLimitBytes = spec.memoryLimitBytes
      if (memoryLimitBytes === spec.memoryLimitBytes || !handle.isReported) return
      this.#memoryWatch.forget(run)
      if (this.#handles.withMain(run)) this.#watchMemory(handle)
    })
  }

  #signal({ run, signal, to }: Extract<Effect, { type: 'signal' }>): void {
    const handle = this.#handles.withMain(run)
    if (handle === undefined) return
    handle.isKilled ||= signal === SIGKILL
    this.#ports.processes.signal(handle.pid, signal, to)
  }

  #send({ run, signal, to }: Extract<Effect, { type: 'send' }>): void {
    const handle = this.#handles.withMain(run)
    if (handle === undefined) return
    this.#signal({ type: 'signal', run, signal, to: 'process' })
    if (to === 'tree') this.#trees.sendBelow(handle, signal)
  }

  #offer({ run, signal }: Extract<Effect, { type: 'offer' }>): void {
    const handle = this.#handles.withMain(run)
    const { processes } = this.#ports
    if (handle && processes.handles(handle.pid, signal)) processes.signal(handle.pid, signal)
  }

  #withHandle(run: number, work: (handle: Handle) => void): void {
    const handle = this.#handles.get(run)
    if (handle) work(handle)
  }

  /** Never throws: the core waits for an answer, and other spawns in the lane for their turn. */
  #spawn(request: SpawnRequest): void {
    try {
      this.#tryToSpawn(request)
    } catch (error) {
      this.report(error)
      this.#refused(request.run, 'EIO', 'spawn')
    }
  }

  #tryToSpawn({ run, number, spec: process }: SpawnRequest): void {
    const spec = toInstance(process.template, number)
    const spawned = this.#ports.spawner.spawn(run, spec, {
      executed: () => this.#reported(run, { type: 'executed', run }),
      execFailed: (errno, step) => this.#reported(run, { type: 'execFailed', run, errno, step }),
      refused: (errno, step) => this.#refused(run, errno, step),
    })
    if (spawned === null) return
    const { pid, runId, pipes, stdout, stderr, notify } = spawned
    this.#ports.guard.watch(pid)
    this.#handles.add({
      ...{ run, pid, runId, pipes, spec, memoryLimitBytes: process.memoryLimitBytes },
      ...{ isReported: false, earlyExit: null, isKilled: false },
      ...{ treeSignal: null, isEmptied: false, isOutputEnded: false },
      output: this.#attach({
        ...{ instance: spec.name, process: spec.process, run },
        ...{ logs: spec.logs, checks: spec.checks, stdout, stderr },
      }),
    })
    this.post({ type: 'spawned', run, pid })
    if (notify) this.#notices.listen({ run, pid, runId, pipes }, notify)
  }

  /** The process is there, with or without a reader of what it says. */
  #attach(source: OutputSource): OutputStream {
    const end = () => this.#outputEnded(source.run)
    try {
      return this.#ports.output.attach(source, end)
    } catch (error) {
      this.report(error)
      const probe = () => {
        throw new Error(`the output of ${source.instance} is not read`)
      }
      return { release: end, lastWords: () => ({ stdout: '', stderr: '' }), probe }
    }
  }

  #refused(run: number, errno: string, step: string): void {
    this.post({ type: 'spawnFailed', run, errno, step })
  }

  #reported(run: number, fact: Fact): void {
    const handle = this.#handles.get(run)
    if (handle === undefined) return
    handle.isReported = true
    this.post(fact)
    if (handle.earlyExit) this.post({ type: 'exited', run, ...handle.earlyExit })
    else this.#watchMemory(handle)
  }

  #watchMemory({ run, pid, memoryLimitBytes }: Handle): void {
    if (memoryLimitBytes !== null) this.#memoryWatch.watch(run, pid, memoryLimitBytes)
  }

  #onExit(pid: number, status: ExitStatus, isOrphan: boolean): void {
    // An orphan may be told of late, when a new run has its pid already.
    const handle = isOrphan ? undefined : this.#handles.takeMain(pid)
    if (handle) {
      this.#memoryWatch.forget(handle.run)
      this.#notices.end(handle)
    }
    this.#explainExit(status, handle)
    this.#trees.lookSoon()
  }

  /** Posts the end of a main process, with what else is seen of it; that may be known only at the end of this turn. */
  #explainExit(status: ExitStatus, handle: Handle | undefined): void {
    const tell = handle && ((clue: Clue | undefined) => this.#ended(handle, { status, clue }))
    if (status.signal === SIGKILL && !handle?.isKilled) {
      this.#oomKills.died(tell)
    } else if (tell && status.code === 128 + SIGKILL) {
      this.#oomKills.passedOn(tell)
    } else if (tell) {
      this.#oomKills.look()
      tell(this.#hasFullHeap(status, handle) ? 'heap-limit' : undefined)
    }
  }

  #ended(handle: Handle, exit: Exit): void {
    if (handle.isReported) this.post({ type: 'exited', run: handle.run, ...exit })
    else handle.earlyExit = exit
  }

  /** Its last words may still be in the pipe. */
  #hasFullHeap(status: ExitStatus, { output }: Handle): boolean {
    if (!mayBeHeapLimit(status)) return false
    try {
      const { stdout, stderr } = output.lastWords()
      return isHeapLimit(status, `${stdout}\n${stderr}`)
    } catch (error) {
      this.report(error)
      return false
    }
  }

  #outputEnded(run: number): void {
    const handle = this.#handles.get(run)
    if (handle === undefined) return
    handle.isOutputEnded = true
    this.post({ type: 'outputEnded', run })
    this.#handles.forgetIfOver(handle)
  }
}
