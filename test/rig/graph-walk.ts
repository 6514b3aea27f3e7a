import assert from 'node:assert/strict'
import type { InstanceView } from '../../src/core/view.ts'
import type { Plan } from '../../src/plan/plan.ts'
import type { Dependency, ProcessSpec } from '../../src/plan/process-spec.ts'
import { usableMs } from '../../src/plan/shutdown.ts'
import type { FakeRun } from './fake-processes.ts'
import { FakeWorld } from './fake-world.ts'
import { drawGraph } from './graph-plans.ts'
import { chooseSeed } from './random.ts'
import { createDraws, type Draws } from './walk/draws.ts'

const [SIGINT, SIGKILL, SIGTERM] = [2, 9, 15]
const lifeMs = 20_000
const never = Number.POSITIVE_INFINITY

/** A process of the world: a main process, or what one left behind. */
interface Actor {
  readonly pid: number
  readonly process: string
  readonly isMain: boolean
  /** From a signal that asks it to end until it does. */
  readonly obeysAfterMs: number
  isAsked: boolean
  /** Says once whether the command is executing: at the latest when the process ends. */
  report: () => void
}

/** Walks `count` graphs from a new seed; says how many there were. RINGMASTER_SEED=N and RINGMASTER_GRAPHS=1 walk the way of a failure again. */
export function walkGraphs(count: number): string {
  const seed = chooseSeed()
  const graphs = Number(process.env['RINGMASTER_GRAPHS'] ?? count)
  let runs = 0
  for (let number = seed; number < seed + graphs; number++) {
    try {
      runs += walkGraph(number)
    } catch (error) {
      throw new Error(`RINGMASTER_SEED=${number} RINGMASTER_GRAPHS=1 shows: ${error}`, {
        cause: error,
      })
    }
  }
  return `${graphs} graphs with ${runs} runs from seed ${seed}`
}

/**
 * Lets processes that depend on each other in a way that `seed` decides live, fail and end on a clock that is moved by hand, asks
 * Ringmaster to stop, and throws where a rule is broken. Returns how many runs there were.
 */
function walkGraph(seed: number): number {
  return new GraphWalk(createDraws(seed)).walk()
}

class GraphWalk {
  readonly #draws: Draws
  readonly #plan: Plan
  readonly #world: FakeWorld
  readonly #actors = new Map<number, Actor>()
  #stopsAtMs: number | null = null
  #endsAtMs = never
  #isForced = false

  constructor(draws: Draws) {
    this.#draws = draws
    this.#plan = drawGraph(draws)
    this.#world = new FakeWorld(this.#plan)
    this.#listen()
  }

  walk(): number {
    const world = this.#world.begin()
    this.#turnUntil(lifeMs * this.#draws.random())
    const isFirst = this.#stopsAtMs === null
    if (world.exitCodes.length === 0) {
      world.signal(SIGTERM)
      if (this.#draws.below(8) === 0) this.#at(this.#draws.below(3000), () => this.#force())
    }
    this.#turnUntil(never)
    assert.equal(world.exitCodes.length, 1, 'a stop ends')
    if (isFirst) assert.equal(world.exitCodes[0], 0, 'what begins the shutdown fixes its code')
    assert.equal(world.timers, 0, 'no timer is left')
    this.#checkBudget()
    assert.deepEqual(world.errors(), [])
    return world.runs.length
  }

  #force(): void {
    this.#isForced = true
    this.#world.signal(SIGINT).signal(SIGINT)
  }

  /** Moves from one moment in which something happens to the next. */
  #turnUntil(endMs: number): void {
    const { clock, exitCodes } = this.#world
    for (let count = 0; exitCodes.length === 0; count++) {
      assert.ok(count < 20_000, 'it comes to an end')
      this.#world.turn()
      this.#checkWaits()
      // Timers have whole milliseconds.
      const nextMs = this.#world.nowMs + Math.ceil(clock.nextAt() - clock.now().monoMs)
      if (nextMs > endMs || nextMs === never) {
        if (endMs !== never) this.#world.advance(endMs - this.#world.nowMs)
        else assert.equal(exitCodes.length, 1, 'something is still to come, or it has ended')
        return
      }
      this.#world.advance(nextMs - this.#world.nowMs)
    }
  }

  #listen(): void {
    const { spawner, processes } = this.#world.ports
    const { spawn } = spawner
    Object.assign(spawner, {
      spawn: (...args: Parameters<typeof spawn>) => {
        const [run, { name, process }] = args
        this.#checkStart(name, process)
        const spawned = spawn(...args)
        if (spawned !== null) this.#born(this.#world.run(run), process)
        return spawned
      },
    })
    const { stop, signal, signalMember } = processes
    Object.assign(processes, {
      stop: (...args: Parameters<typeof stop>) => {
        stop(...args)
        this.#signalled(args[0], args[1])
      },
      signal: (...args: Parameters<typeof signal>) => {
        signal(...args)
        this.#signalled(args[0], args[1])
      },
      signalMember: (...args: Parameters<typeof signalMember>) => {
        signalMember(...args)
        this.#signalled(args[0].pid, args[1])
      },
    })
    this.#world.onChange = (change) => {
      if (change.type === 'supervisor' && ['draining', 'stopping'].includes(change.phase)) {
        this.#stopsAtMs ??= this.#world.nowMs
      }
      if (change.type === 'supervisor' && change.phase === 'ended') {
        this.#endsAtMs = this.#world.nowMs
      }
    }
  }

  #born({ run, pid, observer }: FakeRun, process: string): void {
    const obeysAfterMs = this.#draws.oneOf([0, 20, 20, 700, 20_000, never])
    const isRefused = this.#draws.below(12) === 0
    const actor = {
      ...{ pid, process, isMain: true, obeysAfterMs, isAsked: false },
      report: () => {
        actor.report = () => {}
        if (isRefused) observer.execFailed('ENOENT', 'exec')
        else observer.executed()
      },
    }
    this.#actors.set(pid, actor)
    const executedMs = this.#draws.below(30)
    this.#at(executedMs, () => actor.report())
    const aliveMs = isRefused ? 0 : this.#draws.oneOf([never, never, 0, 20, 500, 5000])
    this.#at(executedMs + 1 + aliveMs, () => this.#end(pid, run, this.#draws.oneOf([0, 0, 1])))
  }

  #end(pid: number, run: number, code: number, signal = 0): void {
    const actor = this.#actors.get(pid)
    if (actor === undefined) return
    if (actor.isMain && this.#draws.below(5) === 0) {
      const child = this.#world.fork(run)
      const obeysAfterMs = this.#draws.oneOf([0, 50, never])
      const { process } = actor
      const [isMain, isAsked] = [false, false]
      this.#actors.set(child, { pid: child, process, isMain, obeysAfterMs, isAsked, report() {} })
    }
    actor.report()
    this.#actors.delete(pid)
    this.#world.end(pid, code, signal)
  }

  #signalled(pid: number, signal: number): void {
    const actor = this.#actors.get(pid)
    if (actor === undefined) return
    const run = this.#world.runs.findLast((one) => one.pid === pid)?.run ?? 0
    if (signal === SIGKILL) {
      assert.ok(actor.isAsked || !actor.isMain, 'the stop signal comes before SIGKILL')
      this.#at(1, () => this.#end(pid, run, 0, SIGKILL))
      return
    }
    if (!actor.isAsked && actor.isMain) this.#checkStop(actor)
    actor.isAsked = true
    this.#at(actor.obeysAfterMs, () => this.#end(pid, run, 0, signal))
  }

  #checkStart(instance: string, process: string): void {
    assert.ok(!this.#isStopping(), 'nothing is started in a shutdown')
    for (const dependency of this.#specOf(process).dependsOn) {
      assert.ok(this.#holds(dependency), `${instance} starts when ${dependency.process} is there`)
    }
  }

  /** Whoever waits has a reason to, after every event. */
  #checkWaits(): void {
    for (const { name, instances } of this.#world.runtime.view().processes) {
      for (const instance of instances) {
        const { dependsOn, startDelayMs } = this.#specOf(name)
        if (instance.reason === 'waiting for group group') {
          this.#checkGroup(name)
          continue
        }
        if (instance.phase !== 'pending' || this.#world.nowMs <= startDelayMs) continue
        assert.ok(
          dependsOn.some((dependency) => !this.#holds(dependency)),
          `${instance.name} is ${instance.reason}`,
        )
      }
    }
  }

  /** Whoever waits for the group of `process` waits for one that has not ended, or not waited long enough. */
  #checkGroup(process: string): void {
    const group = this.#plan.groups.find(({ processes }) => processes.includes(process))
    const phases = group?.processes.flatMap((name) => this.#viewOf(name)).map(({ phase }) => phase)
    assert.ok(
      phases?.some((phase) => ['starting', 'running', 'stopping', 'backoff'].includes(phase)),
      `${process} waits for its group`,
    )
  }

  /** When a process is stopped by a shutdown, nothing lives any more of what depends on it. */
  #checkStop({ process }: Actor): void {
    if (!this.#isStopping() || this.#isForced || this.#isOverdue()) return
    const needing = new Set([process])
    for (const needed of needing) {
      for (const { name, dependsOn } of this.#plan.processes) {
        if (dependsOn.some((dependency) => dependency.process === needed)) needing.add(name)
      }
    }
    needing.delete(process)
    for (const actor of this.#actors.values()) {
      assert.ok(!needing.has(actor.process), `${process} is stopped after ${actor.process}`)
    }
  }

  #checkBudget(): void {
    const { shutdown } = this.#plan
    const tookMs = this.#endsAtMs - (this.#stopsAtMs ?? 0)
    // A step without time left has one millisecond, and who is killed dies in another.
    const slackMs = 4 * this.#plan.processes.length + 4
    assert.ok(tookMs <= usableMs(shutdown) + slackMs, `${tookMs} ms are in ${shutdown.graceMs}`)
  }

  #isStopping(): boolean {
    return !['running', 'draining'].includes(this.#world.runtime.view().phase)
  }

  #isOverdue(): boolean {
    return this.#world.runtime.view().isOverdue
  }

  #holds({ process, condition }: Dependency): boolean {
    const instances = this.#viewOf(process)
    const succeeded = instances.filter(({ phase }) => phase === 'succeeded').length
    const running = instances.filter(({ phase }) => phase === 'running').length
    return condition === 'succeeded'
      ? instances.length > 0 && succeeded === instances.length
      : succeeded + running >= Math.max(1, instances.length - 1)
  }

  #viewOf(process: string): readonly InstanceView[] {
    const { processes } = this.#world.runtime.view()
    return processes.find(({ name }) => name === process)?.instances ?? []
  }

  #specOf(process: string): ProcessSpec {
    const spec = this.#plan.processes.find(({ name }) => name === process)
    assert.ok(spec)
    return spec
  }

  /** In so many ms from now; never, when that is infinite. */
  #at(ms: number, happen: () => void): void {
    const { clock } = this.#world
    if (ms !== never) clock.at(clock.now().monoMs + ms, happen)
  }
}
