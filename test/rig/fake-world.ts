import type { Change } from '../../src/core/changes.ts'
import type { Reading } from '../../src/core/events.ts'
import type { Past } from '../../src/core/state.ts'
import type { Check, OutputCheck } from '../../src/plan/instance-spec.ts'
import type { Addresses, Plan } from '../../src/plan/plan.ts'
import type { Clock } from '../../src/ports/clock.ts'
import type { OutputStream } from '../../src/ports/output.ts'
import type { Outcome } from '../../src/ports/prober.ts'
import { Runtime, type RuntimePorts } from '../../src/runtime/runtime.ts'
import { FakeProcesses, type FakeRun, type ProcessOptions } from './fake-processes.ts'

/** A try of a probe. */
export interface FakeTry {
  readonly instance: string
  readonly check: Check | OutputCheck
  readonly atMs: number
  readonly onEnd: (outcome: Outcome) => void
  /** It was ended from outside. */
  isOver: boolean
}

export interface WorldOptions extends ProcessOptions {
  /** How long each of three steps of a look at memory blocks it. */
  readonly lookMs?: number
  /** Outputs end when the test says so, and not by themselves after their release. */
  readonly holdsOutput?: boolean
  /** Revisions of an earlier start. */
  readonly past?: readonly Past[]
}

/** A machine without processes: a runtime on ports that do what a test says, in time that a test moves. */
export class FakeWorld extends FakeProcesses {
  readonly runtime: Runtime
  /** The ports, to be broken by a test. */
  readonly ports: RuntimePorts
  readonly changes: Change[] = []
  readonly exitCodes: number[] = []
  /** Tries of probes that have begun, in order. */
  readonly tries: FakeTry[] = []
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
  readonly #options: WorldOptions

  constructor(plan: Plan, options: WorldOptions = {}) {
    super(options)
    this.#options = options
    this.ports = this.#makePorts()
    this.runtime = new Runtime(plan, this.ports)
  }

  begin(): this {
    this.runtime.post({ type: 'begin' })
    return this
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

  signal(signal: number): this {
    this.runtime.post({ type: 'signalled', signal })
    return this
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
      ...this.processPorts(),
      output: {
        reopenFiles: () => {
          this.reopenings += 1
        },
        forget: (instance) => {
          this.forgotten.push(instance)
        },
        attach: ({ run }, onEnd) => this.#attach(this.run(run), onEnd),
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
