import type { Change } from '../../src/core/changes.ts'
import type { Notice, Reading } from '../../src/core/events.ts'
import type { Past } from '../../src/core/state.ts'
import type { ExitStatus } from '../../src/lib/exit-codes.ts'
import type { Check, OutputCheck } from '../../src/plan/instance-spec.ts'
import type { Addresses, Plan } from '../../src/plan/plan.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { Message, NotifySocket } from '../../src/ports/notify-socket.ts'
import type { LastWords, OutputStream } from '../../src/ports/output.ts'
import type { Outcome } from '../../src/ports/prober.ts'
import type { SpawnObserver } from '../../src/ports/spawner.ts'
import { Runtime, type RuntimePorts } from '../../src/runtime/runtime.ts'
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

/** A try of a probe. */
export interface FakeTry {
  readonly instance: string
  readonly check: Check | OutputCheck
  readonly atMs: number
  readonly onEnd: (outcome: Outcome) => void
  /** It was ended from outside. */
  isOver: boolean
}

/** Where a run says how it is. */
export interface FakeSocket {
  readonly waiting: Message[]
  listener: (() => void) | null
  isOpen: boolean
  /** How often it was asked for a message. */
  reads: number
}

export interface WorldOptions {
  /** How long a spawn blocks the event loop. */
  readonly spawnMs?: number
  /** How long a look for what is left of a run blocks it. */
  readonly treeMs?: number
  /** How long each of three steps of a look at memory blocks it. */
  readonly lookMs?: number
  /** Outputs end when the test says so, and not by themselves after their release. */
  readonly holdsOutput?: boolean
  /** Revisions of an earlier start. */
  readonly past?: readonly Past[]
}

/** A machine without processes: a runtime on ports that do what a test says, in time that a test moves. */
export class FakeWorld {
  readonly clock = createManualClock()
  readonly runtime: Runtime
  /** The ports, to be broken by a test. */
  readonly ports: RuntimePorts
  readonly runs: FakeRun[] = []
  readonly changes: Change[] = []
  readonly exitCodes: number[] = []
  /** `SIGNAL PID`, in order. */
  readonly sent: string[] = []
  /** Pids that the guard watches. */
  readonly guarded = new Set<number>()
  /** Tries of probes that have begun, in order. */
  readonly tries: FakeTry[] = []
  /** Of the runs that can say how they are, by run. */
  readonly sockets = new Map<number, FakeSocket>()
  /** How often log files were opened anew. */
  reopenings = 0
  /** What reading the configuration again comes to. */
  readConfig = async (): Promise<Reading> => ({ problem: 'not given' })
  /** Where Ringmaster was told to be reached. */
  readonly moves: Addresses[] = []
  /** Instances whose output is forgotten. */
  readonly forgotten: string[] = []
  /** Revisions that were to be kept, in order. */
  readonly kept: (readonly Past[])[] = []
  /** OS timers that are set now. */
  timers = 0
  /** Processes that the kernel has killed for want of memory; undefined: it does not tell. */
  oomKills: number | undefined = 0
  /** Bytes in memory, by pid of a main process. */
  readonly memory = new Map<number, number>()
  /** Sockets that are watched, with who hears of a connection. */
  readonly watched = new Set<{ names: readonly string[]; onConnection: () => void }>()
  /** Main processes that were looked at, one list a look. */
  readonly looks: number[][] = []
  /** A reader of the changes. */
  onChange: (change: Change) => void = () => {}
  /** What the kernel answers to spawns: the errno of a refusal, in order; then processes. */
  readonly refusals: string[] = []
  /** Processes that live beside the main ones, by the run that they belong to; 0: to none. */
  readonly #others = new Map<number, { readonly run: number; readonly group: number }>()
  readonly #mains = new Set<number>()
  readonly #options: WorldOptions
  readonly #startMs: number
  #onExit: (pid: number, status: ExitStatus, orphan: boolean) => void = () => {}
  #nextPid = 101

  constructor(plan: Plan, options: WorldOptions = {}) {
    this.#options = options
    this.#startMs = this.clock.now().monoMs
    this.ports = this.#makePorts()
    this.runtime = new Runtime(plan, this.ports)
  }

  /** Time since the world was made. */
  get nowMs(): number {
    return this.clock.now().monoMs - this.#startMs
  }

  begin(): this {
    this.runtime.post({ type: 'begin' })
    return this
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

  /** Somebody connects to a socket that is watched. */
  connect(socket: string): this {
    const watches = [...this.watched].filter(({ names }) => names.includes(socket))
    for (const watch of watches) this.watched.delete(watch)
    for (const { onConnection } of watches) onConnection()
    return this
  }

  /** The last try ends. */
  answer(isOk: boolean | null, detail = 'HTTP 503'): this {
    this.tries.at(-1)?.onEnd({ isOk, detail })
    return this
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

  signal(signal: number): this {
    this.runtime.post({ type: 'signalled', signal })
    return this
  }

  run(run: number): FakeRun {
    const found = this.runs.find((one) => one.run === run)
    if (found === undefined) throw new Error(`run ${run} is not spawned`)
    return found
  }

  /** The phases that an instance went through. */
  phases(instance: string): string[] {
    return this.changes.flatMap((change) =>
      change.type === 'instance' && change.instance === instance ? [change.phase] : [],
    )
  }

  /** The first lines of the errors that were published. */
  errors(): string[] {
    return this.changes.flatMap((change) =>
      change.type === 'internalError' ? [change.message.split('\n')[0] ?? ''] : [],
    )
  }

  #makePorts(): RuntimePorts {
    return {
      clock: this.#makeClock(),
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
      output: {
        reopenFiles: () => {
          this.reopenings += 1
        },
        forget: (instance) => {
          this.forgotten.push(instance)
        },
        attach: ({ run }, onEnd) => this.#attach(this.run(run), onEnd),
      },
      processes: {
        signal: (pid, signal, to = 'process') => {
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
      cgroup: { oomKills: () => this.oomKills },
      memory: {
        look: (limits) => {
          this.looks.push([...limits.keys()])
          return this.#look(limits)
        },
      },
      sockets: {
        watch: (names, onConnection) => {
          const watch = { names, onConnection }
          this.watched.add(watch)
          return () => this.watched.delete(watch)
        },
      },
      prober: {
        probe: ({ check, spec }, onEnd) => this.#try(spec.name, check, onEnd),
      },
      guard: {
        watch: (pid) => this.guarded.add(pid),
        forget: (pid) => this.guarded.delete(pid),
      },
      config: { read: async (_, use) => use(await this.readConfig()) },
      addresses: { move: (to) => this.moves.push(to) },
      revisions: {
        past: this.#options.past ?? [],
        keep: (past) => this.kept.push(past),
      },
      exit: (code) => {
        this.exitCodes.push(code)
      },
      publish: (change) => {
        this.changes.push(change)
        this.onChange(change)
      },
    }
  }

  #makeClock(): Clock {
    return {
      ...this.clock,
      at: (atMonoMs, callback) => {
        this.timers += 1
        const cancel = this.clock.at(atMonoMs, () => {
          this.timers -= 1
          callback()
        })
        return () => {
          this.timers -= 1
          cancel()
        }
      },
    }
  }

  *#look(limits: ReadonlyMap<number, number>) {
    for (let count = 0; count < 3; count++) {
      this.clock.advance(this.#options.lookMs ?? 0)
      yield
    }
    return new Map([...this.memory].filter(([pid]) => limits.has(pid)))
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

  #try(instance: string, check: FakeTry['check'], onEnd: FakeTry['onEnd']): () => void {
    const one = { instance, check, atMs: this.nowMs, onEnd, isOver: false }
    this.tries.push(one)
    return () => {
      one.isOver = true
    }
  }

  #attach(run: FakeRun, onEnd: () => void): OutputStream {
    run.endOutput = onEnd
    return {
      release: () => {
        run.isReleased = true
        if (!this.#options.holdsOutput) this.clock.afterPoll(onEnd)
      },
      lastWords: () => run.words,
      probe: (check, onEnd) => this.#try(run.instance, check, onEnd),
    }
  }
}
