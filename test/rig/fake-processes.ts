import type { Notice } from '../../src/core/events.ts'
import type { ExitStatus } from '../../src/lib/exit-codes.ts'
import type { Message, NotifySocket } from '../../src/ports/notify-socket.ts'
import type { LastWords } from '../../src/ports/output.ts'
import type { SpawnObserver } from '../../src/ports/spawner.ts'
import type { RuntimePorts } from '../../src/runtime/runtime.ts'
import { createManualClock } from './manual-clock.ts'

/** A run as the fake spawner started it. */
export interface FakeRun {
  readonly run: number
  readonly instance: string
  readonly pid: number
  readonly atMs: number
  readonly observer: SpawnObserver
  /** Ends both of its pipes. */
  endOutput: () => void
  isReleased: boolean
  /** What it has written. */
  words: LastWords
}

/** Where a run says how it is. */
export interface FakeSocket {
  readonly waiting: Message[]
  listener: (() => void) | null
  isOpen: boolean
  /** How often it was asked for a message. */
  reads: number
}

export interface ProcessOptions {
  /** How long a spawn blocks the event loop. */
  readonly spawnMs?: number
  /** How long a look for what is left of a run blocks it. */
  readonly treeMs?: number
}

/** Processes that are none: a test says what becomes of them, in time that it moves. */
export class FakeProcesses {
  readonly clock = createManualClock()
  readonly runs: FakeRun[] = []
  /** `SIGNAL PID`, in order. */
  readonly sent: string[] = []
  /** Pids that the guard watches. */
  readonly guarded = new Set<number>()
  /** Of the runs that can say how they are, by run. */
  readonly sockets = new Map<number, FakeSocket>()
  /** What the kernel answers to spawns: the errno of a refusal, in order; then processes. */
  readonly refusals: string[] = []
  /** Processes that live beside the main ones, by the run that they belong to; 0: to none. */
  readonly #others = new Map<number, { readonly run: number; readonly group: number }>()
  readonly #mains = new Set<number>()
  readonly #options: ProcessOptions
  readonly #startMs: number
  #onExit: (pid: number, status: ExitStatus, orphan: boolean) => void = () => {}
  #nextPid = 101

  constructor(options: ProcessOptions) {
    this.#options = options
    this.#startMs = this.clock.now().monoMs
  }

  /** Time since they were made. */
  get nowMs(): number {
    return this.clock.now().monoMs - this.#startMs
  }

  /** The run's command is executed. */
  execute(run: number): this {
    this.run(run).observer.executed()
    return this
  }

  /** The main process of the run ends, and the event loop turns. */
  exit(run: number, code = 0, signal = 0): this {
    return this.die(this.run(run).pid, code, signal)
  }

  /** A process ends, and the event loop turns. */
  die(pid: number, code = 0, signal = 0): this {
    return this.end(pid, code, signal).turn()
  }

  /** A process ends, and more comes in the same turn. */
  end(pid: number, code = 0, signal = 0): this {
    const isMain = this.#mains.delete(pid)
    this.#others.delete(pid)
    return this.tell(pid, { code, signal }, !isMain)
  }

  /** The end of a process is told, whoever has its pid by now. */
  tell(pid: number, status: ExitStatus, isOrphan: boolean): this {
    this.#onExit(pid, status, isOrphan)
    return this
  }

  /** A process that `run` started, or nobody (0), in a group of its own if none is given; its pid. */
  fork(run: number, group?: number): number {
    const pid = this.#nextPid++
    this.#others.set(pid, { run, group: group ?? pid })
    return pid
  }

  /** The main process of the run says this, or another process does. */
  say(run: number, notice: Notice, { pid = this.run(run).pid, isOfUser = true } = {}): this {
    this.sockets.get(run)?.waiting.push({ pid, isOfUser, notice })
    return this
  }

  /** The event loop looks for input and output. */
  turn(): this {
    for (const { waiting, listener } of this.sockets.values()) if (waiting.length > 0) listener?.()
    this.clock.poll()
    return this
  }

  advance(ms: number): this {
    this.clock.advance(ms)
    return this.turn()
  }

  run(run: number): FakeRun {
    const found = this.runs.find((one) => one.run === run)
    if (found === undefined) throw new Error(`run ${run} is not spawned`)
    return found
  }

  /** What Ringmaster has of them. */
  protected processPorts(): Pick<RuntimePorts, 'exits' | 'spawner' | 'processes' | 'guard'> {
    return {
      exits: {
        onExit: (listener) => {
          this.#onExit = listener
        },
      },
      spawner: {
        spawn: (run, { name, notify: notifies }, observer) => {
          this.clock.advance(this.#options.spawnMs ?? 0)
          const errno = this.refusals.shift()
          if (errno !== undefined) {
            this.clock.afterPoll(() => observer.refused(errno, 'fork'))
            return null
          }
          const pid = this.#nextPid++
          this.#mains.add(pid)
          const atMs = this.nowMs
          this.runs.push({
            ...{ run, instance: name, pid, atMs, observer },
            ...{ endOutput: () => {}, isReleased: false, words: { stdout: '', stderr: '' } },
          })
          const notify = notifies ? this.#socketOf(run) : null
          const output = { stdout: 1000 + run, stderr: 2000 + run }
          return { pid, runId: `${run}-test`, pipes: [], ...output, notify }
        },
      },
      processes: {
        signal: (pid, signal, to = 'process') => {
          this.sent.push(`${signal} ${to === 'group' ? -pid : pid}`)
        },
        stop: (pid, signal, to) => {
          this.sent.push(`${signal} ${to === 'group' ? -pid : pid}`)
        },
        signalMember: ({ pid }, signal) => {
          this.sent.push(`${signal} ${pid}`)
        },
        handles: () => true,
        treeOf: ({ runId }) => {
          this.clock.advance(this.#options.treeMs ?? 0)
          const run = Number.parseInt(runId, 10)
          return [...this.#others].flatMap(([pid, owner]) =>
            owner.run === run ? [{ pid, group: owner.group, startTicks: 1 }] : [],
          )
        },
        isOf: ({ runId, pid: main }, pid) => {
          if (pid === main) return true
          const owner = this.#others.get(pid)
          return owner && owner.run === Number.parseInt(runId, 10)
        },
        everythingBelow: () =>
          [...this.#mains, ...this.#others.keys()].map((pid) => ({
            pid,
            group: pid,
            startTicks: 1,
          })),
      },
      guard: {
        watch: (pid) => this.guarded.add(pid),
        forget: (pid) => this.guarded.delete(pid),
      },
    }
  }

  #socketOf(run: number): NotifySocket {
    const socket: FakeSocket = { waiting: [], listener: null, isOpen: true, reads: 0 }
    this.sockets.set(run, socket)
    return {
      watch(listener) {
        socket.listener = listener
      },
      read() {
        socket.reads += 1
        return socket.waiting.shift() ?? null
      },
      close() {
        socket.isOpen = false
        socket.listener = null
      },
    }
  }
}
