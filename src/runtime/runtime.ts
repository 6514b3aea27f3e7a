import type { Change, Clue, DeadlineKey, Effect, Fact } from '../core/messages.ts'
import { initialState } from '../core/state.ts'
import type { View } from '../core/view.ts'
import type { ExitStatus } from '../lib/exit-codes.ts'
import type { InstanceSpec, Plan } from '../plan/plan.ts'
import type { Cgroup } from '../ports/cgroup.ts'
import type { Clock } from '../ports/clock.ts'
import type { ConfigSource } from '../ports/config-source.ts'
import type { ExitSource } from '../ports/exit-source.ts'
import type { Guard } from '../ports/guard.ts'
import type { MemorySource } from '../ports/memory.ts'
import type { Output, OutputSource, OutputStream } from '../ports/output.ts'
import type { Prober } from '../ports/prober.ts'
import type { Member, ProcessTable, RunMarks } from '../ports/process-table.ts'
import type { Spawner } from '../ports/spawner.ts'
import { Deadlines } from './deadlines.ts'
import { isHeapLimit, mayBeHeapLimit } from './heap-limit.ts'
import { Hooks } from './hooks.ts'
import { MemoryWatch } from './memory-watch.ts'
import { OomKills } from './oom-kills.ts'
import { Queue } from './queue.ts'
import { SpawnLane } from './spawn-lane.ts'
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
  readonly config: ConfigSource
  /** Ends Ringmaster. */
  readonly exit: (code: number) => void
  /** Hears of every change, in order. */
  readonly publish: (change: Change) => void
}

const SIGKILL = 9

interface Exit {
  readonly status: ExitStatus
  readonly clue: Clue | undefined
}

/** What Linux knows of a run, from its spawn until nothing of it lives and its output is read. */
interface Handle extends RunMarks {
  readonly run: number
  readonly spec: InstanceSpec
  readonly output: OutputStream
  /** The exec helper has turned into the command, or said why not. */
  isReported: boolean
  /** An end that came before that report. */
  earlyExit: Exit | null
  /** Its main process was sent SIGKILL. */
  isKilled: boolean
  /** What its tree was last told to end by; null before its main process has ended, and where it is left alone. */
  treeSignal: number | null
  isEmptied: boolean
  isOutputEnded: boolean
}

/** Carries out what the core wants by means of the ports, and posts what comes of it. */
export class Runtime {
  readonly #ports: RuntimePorts
  readonly #queue: Queue
  readonly #deadlines: Deadlines
  readonly #tries: Tries
  readonly #hooks: Hooks
  readonly #lane: SpawnLane
  readonly #oomKills: OomKills
  readonly #memoryWatch: MemoryWatch
  /** By process. */
  readonly #memoryLimits: ReadonlyMap<string, number | null>
  readonly #specs: ReadonlyMap<string, InstanceSpec>
  readonly #handles = new Map<number, Handle>()
  readonly #runsByPid = new Map<number, number>()
  /** What all that is left was last told to end by. */
  #sweepSignal: number | null = null
  #isLookingSoon = false

  constructor(plan: Plan, ports: RuntimePorts) {
    this.#ports = ports
    this.#specs = new Map(
      plan.processes.flatMap((process) => process.instances.map((spec) => [spec.name, spec])),
    )
    const { clock, publish } = ports
    const perform = (effect: Effect) => this.#perform(effect)
    this.#queue = new Queue(initialState(plan), { clock, perform, publish })
    this.#deadlines = new Deadlines(clock)
    const tryPorts = {
      prober: ports.prober,
      post: (fact: Fact) => this.post(fact),
      report: (error: unknown) => this.report(error),
    }
    this.#tries = new Tries(clock, this.#deadlines, tryPorts)
    this.#hooks = new Hooks(clock, this.#deadlines, tryPorts)
    this.#lane = new SpawnLane(clock, (run, instance) => this.#spawn(run, instance))
    this.#oomKills = new OomKills(clock, ports.cgroup)
    this.#memoryLimits = new Map(plan.processes.map((spec) => [spec.name, spec.memoryLimitBytes]))
    this.#memoryWatch = new MemoryWatch(clock, this.#deadlines, {
      memory: ports.memory,
      post: (fact) => this.post(fact),
      report: (error) => this.report(error),
    })
    ports.exits.onExit((pid, status, orphan) => this.#onExit(pid, status, orphan))
  }

  post(fact: Fact): void {
    this.#queue.post(fact)
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
        this.#lane.add(effect.run, effect.instance)
        break
      case 'cancelSpawn':
        if (this.#lane.remove(effect.run)) this.#refused(effect.run, 'ECANCELED', 'spawn')
        break
      case 'signal':
        this.#withMain(effect.run, (pid, handle) => {
          handle.isKilled ||= effect.signal === SIGKILL
          this.#ports.processes.signal(pid, effect.signal, effect.to)
        })
        break
      case 'offer':
        this.#withMain(effect.run, (pid) => {
          const { processes } = this.#ports
          if (processes.handles(pid, effect.signal)) processes.signal(pid, effect.signal)
        })
        break
      case 'endTree':
        this.#endTree(effect.run, effect.signal, effect.sparesGroup)
        break
      case 'abandon':
        this.#abandon(effect.run)
        break
      case 'wake':
        this.#wake(effect.key, effect.atMonoMs)
        break
      case 'probe':
        this.#withHandle(effect.run, ({ spec, runId }) => this.#tries.plan(effect, spec, runId))
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
        this.#sweepSignal = effect.signal
        this.#sweep(effect.signal)
        break
      case 'readConfig':
        // It does not reject.
        void this.#ports.config.read().then((reading) => this.post({ type: 'configRead', reading }))
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

  #withHandle(run: number, work: (handle: Handle) => void): void {
    const handle = this.#handles.get(run)
    if (handle) work(handle)
  }

  /** Never throws: the core waits for an answer, and other spawns in the lane for their turn. */
  #spawn(run: number, instance: string): void {
    try {
      this.#tryToSpawn(run, instance)
    } catch (error) {
      this.report(error)
      this.#refused(run, 'EIO', 'spawn')
    }
  }

  #tryToSpawn(run: number, instance: string): void {
    const spec = this.#specs.get(instance)
    if (spec === undefined) throw new Error(`no instance ${instance}`)
    const spawned = this.#ports.spawner.spawn(run, spec, {
      executed: () => this.#reported(run, { type: 'executed', run }),
      execFailed: (errno, step) => this.#reported(run, { type: 'execFailed', run, errno, step }),
      refused: (errno, step) => this.#refused(run, errno, step),
    })
    if (spawned === null) return
    const { pid, runId, pipes, stdout, stderr } = spawned
    this.#runsByPid.set(pid, run)
    this.#ports.guard.watch(pid)
    this.#handles.set(run, {
      ...{ run, pid, runId, pipes, spec, isReported: false, earlyExit: null, isKilled: false },
      ...{ treeSignal: null, isEmptied: false, isOutputEnded: false },
      output: this.#attach({
        ...{ instance: spec.name, process: spec.process, run },
        ...{ format: spec.logs.format, stdout, stderr },
      }),
    })
    this.post({ type: 'spawned', run, pid })
  }

  /** The process is there, with or without a reader of what it says. */
  #attach(source: OutputSource): OutputStream {
    const end = () => this.#outputEnded(source.run)
    try {
      return this.#ports.output.attach(source, end)
    } catch (error) {
      this.report(error)
      return { release: end, lastWords: () => ({ stdout: '', stderr: '' }) }
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

  #watchMemory({ run, pid, spec }: Handle): void {
    const limitBytes = this.#memoryLimits.get(spec.process) ?? null
    if (limitBytes !== null) this.#memoryWatch.watch(run, pid, limitBytes)
  }

  #onExit(pid: number, status: ExitStatus, isOrphan: boolean): void {
    // An orphan may be told of late, when a new run has its pid already.
    const run = isOrphan ? undefined : this.#runsByPid.get(pid)
    const handle = run === undefined ? undefined : this.#handles.get(run)
    if (handle) {
      this.#runsByPid.delete(pid)
      this.#memoryWatch.forget(handle.run)
    }
    this.#explainExit(status, handle)
    this.#lookSoon()
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

  #withMain(run: number, work: (pid: number, handle: Handle) => void): void {
    const handle = this.#handles.get(run)
    // A pid that is not in this table has been waited for, and may be somebody else's by now.
    if (handle && this.#runsByPid.get(handle.pid) === run) work(handle.pid, handle)
  }

  #endTree(run: number, signal: number, sparesGroup: boolean): void {
    const handle = this.#handles.get(run)
    if (handle === undefined || handle.isEmptied) {
      this.post({ type: 'emptied', run })
      return
    }
    handle.treeSignal = signal
    this.#lookAtTree(handle, signal, sparesGroup)
  }

  /** What it left may go on to write. */
  #abandon(run: number): void {
    const handle = this.#handles.get(run)
    if (handle === undefined) return
    handle.isEmptied = true
    this.#ports.guard.forget(handle.pid)
    this.#forget(handle)
  }

  #lookAtTree(handle: Handle, signal: number | null, sparesGroup = false): void {
    const isMain = (pid: number) => this.#runsByPid.has(pid)
    const left = this.#ports.processes.treeOf(handle, isMain)
    if (left.length > 0) {
      this.#send(sparesGroup ? left.filter(({ group }) => group !== handle.pid) : left, signal)
      return
    }
    handle.isEmptied = true
    this.#ports.guard.forget(handle.pid)
    this.post({ type: 'emptied', run: handle.run })
    handle.output.release()
    this.#forget(handle)
  }

  #sweep(signal: number | null): void {
    const left = this.#ports.processes.everythingBelow()
    if (left.length > 0) {
      this.#send(left, signal)
      return
    }
    for (const { output } of [...this.#handles.values()]) output.release()
    this.post({ type: 'swept' })
  }

  #send(members: readonly Member[], signal: number | null): void {
    if (signal === null) return
    for (const member of members) {
      this.#guard(() => this.#ports.processes.signalMember(member, signal))
    }
  }

  #outputEnded(run: number): void {
    const handle = this.#handles.get(run)
    if (handle === undefined) return
    handle.isOutputEnded = true
    this.post({ type: 'outputEnded', run })
    this.#forget(handle)
  }

  #forget(handle: Handle): void {
    if (handle.isEmptied && handle.isOutputEnded) this.#handles.delete(handle.run)
  }

  /** Something died: trees that are being ended may be empty now. Once a turn, however many died in it. */
  #lookSoon(): void {
    const isAwaited = this.#sweepSignal !== null || this.#endingTrees().length > 0
    if (this.#isLookingSoon || !isAwaited) return
    this.#isLookingSoon = true
    this.#ports.clock.afterPoll(() => {
      this.#isLookingSoon = false
      for (const handle of this.#endingTrees()) {
        this.#guard(() => this.#lookAtTree(handle, repeated(handle.treeSignal)))
      }
      if (this.#sweepSignal !== null) this.#guard(() => this.#sweep(repeated(this.#sweepSignal)))
    })
  }

  #endingTrees(): readonly Handle[] {
    return [...this.#handles.values()].filter((one) => one.treeSignal !== null && !one.isEmptied)
  }

  /** One port that fails does not keep the others from their work. */
  #guard(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.report(error)
    }
  }
}

/** SIGKILL goes to each that is found: it may have been forked while the others were killed. A request to end is made once. */
function repeated(signal: number | null): number | null {
  return signal === SIGKILL ? signal : null
}
