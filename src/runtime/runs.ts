import type { Effect } from '../core/effects.ts'
import type { Clue, Fact } from '../core/events.ts'
import type { ExitStatus } from '../lib/exit-codes.ts'
import { toInstance } from '../plan/to-instance.ts'
import type { Cgroup } from '../ports/cgroup.ts'
import type { Clock } from '../ports/clock.ts'
import type { Guard } from '../ports/guard.ts'
import type { MemorySource } from '../ports/memory.ts'
import type { Output, OutputSource, OutputStream } from '../ports/output.ts'
import type { ProcessTable } from '../ports/process-table.ts'
import type { Spawner } from '../ports/spawner.ts'
import type { Deadlines } from './deadlines.ts'
import type { Exit, Handle, Handles } from './handles.ts'
import { isHeapLimit, mayBeHeapLimit } from './heap-limit.ts'
import { Lane } from './lane.ts'
import { MemoryWatch } from './memory-watch.ts'
import { Notices } from './notices.ts'
import { OomKills } from './oom-kills.ts'
import type { Trees } from './trees.ts'

export interface RunPorts {
  readonly clock: Clock
  readonly deadlines: Deadlines
  readonly spawner: Spawner
  readonly processes: ProcessTable
  readonly output: Output
  readonly guard: Guard
  readonly cgroup: Pick<Cgroup, 'oomKills'>
  readonly memory: MemorySource
  readonly post: (fact: Fact) => void
  readonly report: (error: unknown) => void
}

type SpawnRequest = Extract<Effect, { type: 'spawn' }>

/** A spawn blocks the event loop for up to 4 ms. */
const spawnTurnMs = 8
/** What the core does about one of a thousand ends takes half a millisecond, and libuv tells of all in one turn. */
const exitTurnMs = 5

const SIGKILL = 9

/** Main processes, from the wish for one to its exit status: starts them, signals them, and posts what is seen of them. */
export class Runs {
  readonly #handles: Handles
  readonly #trees: Trees
  readonly #ports: RunPorts
  readonly #spawns: Lane<SpawnRequest>
  readonly #exits: Lane<Extract<Fact, { type: 'exited' }>>
  readonly #notices: Notices
  readonly #oomKills: OomKills
  readonly #memoryWatch: MemoryWatch

  constructor(handles: Handles, trees: Trees, ports: RunPorts) {
    this.#handles = handles
    this.#trees = trees
    this.#ports = ports
    const { clock, deadlines, processes, cgroup, memory, post, report } = ports
    const isMain = (pid: number) => handles.isMain(pid)
    this.#exits = new Lane(clock, exitTurnMs, (fact) => post(fact))
    // Ends are told fast, and spawns are not: they would keep each other from it for long.
    const mayStart = () => this.#exits.isEmpty
    this.#spawns = new Lane(clock, spawnTurnMs, (request) => this.#spawn(request), mayStart)
    this.#notices = new Notices(clock, deadlines, { processes, isMain, post, report })
    this.#oomKills = new OomKills(clock, cgroup)
    this.#memoryWatch = new MemoryWatch(clock, deadlines, { memory, post, report })
  }

  start(request: SpawnRequest): void {
    this.#spawns.add(request.run, request)
  }

  /** It is not to be started after all. Does nothing when it is. */
  cancel(run: number): void {
    if (this.#spawns.remove(run)) this.#refused(run, 'ECANCELED', 'spawn')
  }

  /** A run keeps what it was started as, so nothing that is read of a spec at its start differs. */
  adopt({ run, number, spec }: Extract<Effect, { type: 'adopt' }>): void {
    this.#spawns.amend(run, (request) => ({ ...request, spec }))
    const handle = this.#handles.get(run)
    if (handle === undefined) return
    const { memoryLimitBytes } = handle
    handle.spec = toInstance(spec.template, number)
    handle.memoryLimitBytes = spec.memoryLimitBytes
    if (memoryLimitBytes === spec.memoryLimitBytes || !handle.isReported) return
    this.#memoryWatch.forget(run)
    if (this.#handles.withMain(run)) this.#watchMemory(handle)
  }

  stop({ run, signal, to }: Extract<Effect, { type: 'stop' }>): void {
    const handle = this.#handles.withMain(run)
    if (handle) this.#ports.processes.stop(handle.pid, signal, to)
  }

  signal({ run, signal, to }: Extract<Effect, { type: 'signal' }>): void {
    const handle = this.#handles.withMain(run)
    if (handle === undefined) return
    handle.isKilled ||= signal === SIGKILL
    this.#ports.processes.signal(handle.pid, signal, to)
  }

  send({ run, signal, to }: Extract<Effect, { type: 'send' }>): void {
    const handle = this.#handles.withMain(run)
    if (handle === undefined) return
    this.signal({ type: 'signal', run, signal, to: 'process' })
    if (to === 'tree') this.#trees.sendBelow(handle, signal)
  }

  offer({ run, signal }: Extract<Effect, { type: 'offer' }>): void {
    const handle = this.#handles.withMain(run)
    const { processes } = this.#ports
    if (handle && processes.handles(handle.pid, signal)) processes.signal(handle.pid, signal)
  }

  /** A process that was ours to wait for has ended. */
  exited(pid: number, status: ExitStatus, isOrphan: boolean): void {
    // An orphan may be told of late, when a new run has its pid already.
    const handle = isOrphan ? undefined : this.#handles.takeMain(pid)
    if (handle) {
      this.#memoryWatch.forget(handle.run)
      this.#notices.end(handle)
    }
    this.#explainExit(status, handle)
    this.#trees.lookSoon()
  }

  /** Tells of all main processes that have ended. */
  tellEnds(): void {
    this.#exits.finish()
  }

  /** Never throws: the core waits for an answer, and other spawns in the lane for their turn. */
  #spawn(request: SpawnRequest): void {
    try {
      this.#tryToSpawn(request)
    } catch (error) {
      this.#ports.report(error)
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
    this.#ports.post({ type: 'spawned', run, pid })
    if (notify) this.#notices.listen({ run, pid, runId, pipes }, notify)
  }

  /** The process is there, with or without a reader of what it says. */
  #attach(source: OutputSource): OutputStream {
    const end = () => this.#outputEnded(source.run)
    try {
      return this.#ports.output.attach(source, end)
    } catch (error) {
      this.#ports.report(error)
      const probe = () => {
        throw new Error(`the output of ${source.instance} is not read`)
      }
      return { release: end, lastWords: () => ({ stdout: '', stderr: '' }), probe }
    }
  }

  #refused(run: number, errno: string, step: string): void {
    this.#ports.post({ type: 'spawnFailed', run, errno, step })
  }

  #reported(run: number, fact: Fact): void {
    const handle = this.#handles.get(run)
    if (handle === undefined) return
    handle.isReported = true
    this.#ports.post(fact)
    if (handle.earlyExit) this.#ports.post({ type: 'exited', run, ...handle.earlyExit })
    else this.#watchMemory(handle)
  }

  #watchMemory({ run, pid, memoryLimitBytes }: Handle): void {
    if (memoryLimitBytes !== null) this.#memoryWatch.watch(run, pid, memoryLimitBytes)
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
    const { run } = handle
    if (handle.isReported) this.#exits.add(run, { type: 'exited', run, ...exit })
    else handle.earlyExit = exit
  }

  /** Its last words may still be in the pipe. */
  #hasFullHeap(status: ExitStatus, { output }: Handle): boolean {
    if (!mayBeHeapLimit(status)) return false
    try {
      const { stdout, stderr } = output.lastWords()
      return isHeapLimit(status, `${stdout}\n${stderr}`)
    } catch (error) {
      this.#ports.report(error)
      return false
    }
  }

  #outputEnded(run: number): void {
    const handle = this.#handles.get(run)
    if (handle === undefined) return
    handle.isOutputEnded = true
    this.#ports.post({ type: 'outputEnded', run })
    this.#handles.forgetIfOver(handle)
  }
}
