import assert from 'node:assert/strict'
import type { Change } from '../../src/core/changes.ts'
import { lookUpSpecs } from '../../src/core/course.ts'
import type { Effect } from '../../src/core/effects.ts'
import type { Clue, DeadlineKey, Event, Fact, Notice, RolloutWish } from '../../src/core/events.ts'
import { initialState } from '../../src/core/initial-state.ts'
import type { Instance } from '../../src/core/instance-state.ts'
import { serves } from '../../src/core/on-demand.ts'
import { isReady } from '../../src/core/readiness.ts'
import type { State } from '../../src/core/state.ts'
import { step } from '../../src/core/supervisor.ts'
import { view } from '../../src/core/view.ts'
import type { HookName, ProbeName } from '../../src/plan/instance-spec.ts'
import type { GroupSpec, Plan } from '../../src/plan/plan.ts'
import type {
  Dependency,
  KillMode,
  ProbeSpec,
  ProcessSpec,
  RestartPolicy,
  Share,
  StrategySpec,
} from '../../src/plan/process-spec.ts'
import { usableMs } from '../../src/plan/shutdown.ts'
import { surgeOf, unavailableOf } from '../../src/plan/strategy.ts'
import { instanceName } from '../../src/plan/to-instance.ts'
import { createRandom } from './random.ts'
import { planOf, probeSpec, processSpec } from './specs.ts'
import { stamp, stepSafely } from './story.ts'

const SIGKILL = 9

type Try = Extract<Effect, { type: 'probe' }>

/** What the world knows of a run. It moves to the right only, and may leave out what it likes. */
interface WorldRun {
  readonly run: number
  readonly instance: string
  /** In the lane; taken from it without success; taken back; a process that is not told of yet; told of; told of as ended. */
  place: 'lane' | 'refused' | 'cancelled' | 'born' | 'alive' | 'ended'
  isReported: boolean
  isOutputOpen: boolean
  /** Whether what its main process left was asked to end. */
  isTreeAsked: boolean
  isAsked: boolean
  isKilled: boolean
}

export interface WalkResult {
  readonly changes: readonly Change[]
  readonly events: readonly Event[]
}

/**
 * Lets a world answer the core in an order that `seed` decides, for about `length` events and then until the end, and
 * throws where a rule is broken. Any answer may come late, and any that nothing forbids may come first.
 */
export function walk(seed: number, length: number): WalkResult {
  const world = new World(createRandom(seed))
  world.take({ type: 'begin' })
  for (let count = 0; count < length && !world.hasExited; count++) world.live()
  world.end()
  world.replay()
  return world
}

class World implements WalkResult {
  readonly changes: Change[] = []
  readonly events: Event[] = []
  readonly #random: () => number
  readonly #plan: Plan
  readonly #effects: Effect[] = []
  readonly #runs = new Map<number, WorldRun>()
  readonly #deadlines = new Map<DeadlineKey, number>()
  /** Tries that are awaited, by run and name: when they are to begin. */
  readonly #tries = new Map<string, Try>()
  /** Hooks that are awaited, by run. */
  readonly #hooks = new Map<number, HookName>()
  /** Hooks that were asked for, by run and name. */
  readonly #asked = new Set<string>()
  /** Runs whose readiness probe has succeeded. */
  readonly #passed = new Set<number>()
  /** Runs whose start was called off by the last event. */
  #cancelled: ReadonlySet<number> = new Set()
  readonly #phases = new Map<string, string>()
  /** Instances that the last step has ended for good. */
  readonly #departed = new Set<string>()
  #state: State
  /** Before the last step. */
  #before: State
  #last: { readonly changes: readonly Change[] } = { changes: [] }
  #monoMs = 1000
  #lastRun = 0
  #sweeps = 0
  #exits = 0
  #isReading = false
  /** Processes whose sockets are watched. */
  readonly #watched = new Set<string>()
  /** Runs that lived when somebody gave a command. */
  readonly #ordered = new Set<number>()
  /** Somebody gives commands. */
  readonly #isOrdered: boolean

  constructor(random: () => number) {
    this.#random = random
    this.#isOrdered = this.#below(2) > 0
    const processes = ['web', 'api', 'job'].slice(0, 1 + this.#below(3)).map((name, index, all) =>
      processSpec(name, {
        dependsOn: all.slice(index + 1).flatMap((process) => {
          const conditions = ['started', 'ready', 'succeeded'] as const
          return this.#below(3) > 0 ? [] : [{ process, condition: this.#oneOf(conditions) }]
        }),
        replicas: 1 + this.#below(3),
        autoStart: this.#below(8) > 0,
        startDelayMs: this.#oneOf([0, 0, 500]),
        ...{ isOnDemand: this.#below(4) === 0, sockets: ['web'] },
        successExitCodes: this.#oneOf([[0], [0, 3]]),
        restartLimit: this.#oneOf([null, null, { count: this.#below(4), withinMs: 3000 }]),
        isFirstStartFinal: this.#below(6) === 0,
        isEssential: this.#below(3) > 0,
        isShutdownOnExit: this.#below(8) === 0,
        killMode: this.#oneOf<KillMode>(['staged', 'staged', 'mixed', 'process', 'group']),
        restartPolicy: this.#oneOf<RestartPolicy>(['Always', 'Always', 'OnFailure', 'Never']),
        graceMs: this.#oneOf([0, 100, 5000]),
        stopSignal: this.#oneOf([2, 3, 15]),
        maxAgeMs: this.#oneOf([null, null, 1500]),
        maxAgeJitterMs: this.#oneOf([0, 500]),
        memoryLimitBytes: this.#oneOf([null, null, 1000]),
        probes: this.#anyProbes(),
        ...this.#anyStrategy(),
        hooks: (['postStart', 'preStop'] as const).filter(() => this.#below(3) === 0),
        backoff: {
          ...{ initialMs: this.#oneOf([0, 100]), factor: 2, maxMs: 1000 },
          ...{ jitter: 0.1, resetAfterMs: 2000 },
        },
      }),
    )
    const strategies = ['OneForOne', 'OneForAll', 'RestForOne'] as const
    const members = processes.map(({ name }) => name).filter(() => this.#below(4) > 0)
    const group: GroupSpec = {
      ...{ name: 'group', processes: this.#below(2) === 0 ? members : members.reverse() },
      ...{ strategy: this.#oneOf(strategies), isEssential: this.#below(2) === 0 },
      restartLimit: this.#oneOf([null, { count: this.#below(4), withinMs: 3000 }]),
    }
    this.#plan = {
      ...planOf(...processes),
      groups: members.length > 0 && this.#below(2) === 0 ? [group] : [],
      shutdown: { drainMs: this.#oneOf([0, 0, 1000]), graceMs: this.#oneOf([0, 500, 10_000]) },
    }
    this.#state = initialState(this.#plan)
    this.#before = this.#state
  }

  get hasExited(): boolean {
    return this.#exits > 0
  }

  /** One thing happens that may happen now. */
  live(): void {
    const chance = this.#random()
    if (chance < 0.01)
      this.take({ type: 'signalled', signal: this.#oneOf([1, 2, 3, 10, 15, 30, 37]) })
    else if (chance < 0.012) this.take({ type: 'shutdown', reason: 'walk', code: this.#below(100) })
    else if (chance < 0.0125) this.take({ type: 'drain' })
    else if (chance < 0.0135) this.take({ type: 'maintenance', isOn: this.#below(2) === 0 })
    else if (chance < 0.0175) {
      const { name: instance = 'none.1' } = this.#anyInstance() ?? {}
      this.take({ type: 'broken', instance })
    } else if (chance < 0.025) {
      const { name: process } = this.#oneOf(this.#state.processes)
      this.take({ type: 'scale', process, replicas: this.#oneOf([-1, 0, 1, 2, 3, 4, 1001]) })
    } else if (chance < 0.035 && this.#isOrdered) this.#order()
    else if (chance < 0.045) this.#changeSpecs()
    else if (chance < 0.07) this.#takeOutOfPlace()
    else if (chance < 0.25) this.#monoMs += this.#oneOf([1, 10, 100, 1000, 5000])
    else this.#answer(this.#anyAnswer())
  }

  /** Somebody wants something of some instances. */
  #order(): void {
    for (const { live } of this.#state.instances) if (live) this.#ordered.add(live.run)
    const instances = this.#state.instances.map(({ name }) => name).filter(() => this.#below(2) > 0)
    const type = this.#oneOf(['start', 'stop', 'restart', 'send'] as const)
    if (type === 'send') this.take({ type, instances, signal: 10, to: 'process', by: 'walk' })
    else this.take({ type, instances, by: 'walk' })
  }

  /** Another plan is applied, or somebody says how instances are to be replaced. */
  #changeSpecs(): void {
    const { name: process } = this.#oneOf(this.#state.processes)
    const toRevision = this.#oneOf([null, null, 1, 2])
    const wish = this.#oneOf<RolloutWish | null>([
      ...[null, null, null, null],
      ...([{ action: 'undo', toRevision }, { action: 'restart' }] as const),
      ...([{ action: 'pause' }, { action: 'resume' }, { action: 'resume' }] as const),
    ])
    if (wish) this.take({ type: 'rollout', process, by: 'walk', ...wish })
    else this.take({ type: 'apply', plan: this.#anyPlan(), by: 'walk' })
  }

  /** Like the first one, but for some of what may differ. */
  #anyPlan(): Plan {
    const kept = this.#plan.processes.filter(
      ({ name }) =>
        this.#below(8) > 0 ||
        this.#plan.processes.some(({ dependsOn }) =>
          dependsOn.some((dependency) => dependency.process === name),
        ),
    )
    const processes = kept.map((spec): ProcessSpec => {
      if (this.#below(3) === 0) return spec
      const command = [this.#oneOf(['/bin/true', '/bin/true', '/new', '/newer'])] as const
      const probes = this.#below(3) > 0 ? spec.probes : this.#anyProbes()
      const redrawn = processSpec(spec.name, {
        ...{ ...spec, probes, ...this.#anyStrategy(), replicas: this.#below(4) },
        graceMs: this.#oneOf([spec.graceMs, 100]),
        maxAgeMs: this.#oneOf([spec.maxAgeMs, 1500, null]),
        memoryLimitBytes: this.#oneOf([spec.memoryLimitBytes, 1000]),
        restartPolicy: this.#oneOf([spec.restartPolicy, 'Always']),
      })
      const { template } = processSpec(spec.name, { probes, hooks: spec.hooks })
      return { ...redrawn, template: { ...template, command } }
    })
    return { ...this.#plan, processes: processes.length === 0 ? this.#plan.processes : processes }
  }

  #anyStrategy(): Pick<ProcessSpec, 'strategy' | 'minReadyMs' | 'progressDeadlineMs'> {
    const rolling = (maxSurge: Share, maxUnavailable: Share) =>
      ({ type: 'RollingUpdate', maxSurge, maxUnavailable }) as const
    return {
      strategy: this.#oneOf<StrategySpec>([
        ...[rolling(0, 1), rolling(1, 0), rolling(2, 1), rolling('50%', '50%')],
        { type: 'Recreate' },
      ]),
      minReadyMs: this.#oneOf([0, 2000]),
      progressDeadlineMs: this.#oneOf([3000, 60_000]),
    }
  }

  /** A shutdown, and the world answers until Ringmaster exits. */
  end(): void {
    this.take({ type: 'signalled', signal: 15 })
    for (let count = 0; !this.hasExited; count++) {
      assert.ok(count < 2000, 'the shutdown does not end')
      const answer = this.#random() < 0.9 && this.#anyAnswer(true)
      if (answer) this.#answer(answer)
      else this.#monoMs += 100
    }
    // What outlives the budget may have a status that was about to be told.
    const isLeft = (key: string) => !(key.endsWith('/status') && this.#state.ending?.isOverdue)
    assert.deepEqual([...this.#deadlines.keys()].filter(isLeft), [], 'no deadline is left')
    for (const { run } of this.#tries.values()) {
      assert.equal(this.#runs.get(run)?.place, 'alive', 'who is gone is not tried')
    }
    assert.deepEqual([...this.#hooks], [], 'no hook outlives its run')
    assert.deepEqual([...this.#watched], [], 'no socket is watched for nobody')
    const ending = this.changes.find(
      (change) => change.type === 'supervisor' && change.phase === 'stopping',
    )
    assert.ok(ending?.type === 'supervisor')
    assert.deepEqual(this.#effects.at(-1), { type: 'exit', code: ending.code })
    for (const fact of [{ type: 'begin' }, { type: 'swept' }, { type: 'signalled', signal: 2 }]) {
      this.#takeForNothing(fact as Fact)
    }
    assert.equal(this.#exits, 1)
  }

  /** The same events, on states that never were JSON, have the same results. */
  replay(): void {
    let state = initialState(this.#plan)
    const effects: Effect[] = []
    for (const event of this.events) {
      const result = step(state, event)
      state = result.state
      effects.push(...result.effects)
    }
    assert.equal(JSON.stringify(effects), JSON.stringify(this.#effects))
    assert.deepEqual(state, this.#state)
  }

  take(fact: Fact): void {
    const event = stamp(fact, this.#monoMs, this.#random())
    this.events.push(event)
    const before = this.#state
    for (const { name, phase } of before.instances) {
      if (!this.#phases.has(name)) this.#phases.set(name, phase)
    }
    const { state, effects, changes } = stepSafely(before, event)
    this.#before = before
    this.#last = { changes }
    this.#state = state
    this.#departed.clear()
    this.#cancelled = new Set(effects.flatMap((one) => (one.type === 'cancelSpawn' ? one.run : [])))
    for (const effect of effects) this.#perform(effect, before)
    for (const one of effects) {
      // Of several in one step the last one counts.
      const atMonoMs = one.type === 'wake' ? this.#deadlines.get(one.key) : undefined
      if (one.type === 'wake' && atMonoMs !== undefined) this.#checkBudget(one.key, atMonoMs)
    }
    for (const change of changes) {
      this.#check(change)
      this.#checkRenewal(change, before)
      this.#checkMemoryLimit(change, before)
    }
    this.#effects.push(...effects)
    this.changes.push(...changes)
    this.#checkReplicas(before)
    for (const instance of state.instances) this.#checkInstance(instance, before)
    const { isReady, isStarted, isOverdue, withdrawn, phase } = view(state)
    assert.ok(!isReady || isStarted, 'what is ready has been ready once')
    for (const group of state.groups) {
      const { restartLimit } = group.spec
      const count = group.recentRestartsMonoMs.length
      assert.ok(count <= (restartLimit?.count ?? 0), 'restarts of a group have a limit')
    }
    assert.ok(!isReady || withdrawn === null, 'nobody is ready against their will')
    assert.ok(!isOverdue || phase !== 'running', 'only a shutdown has a budget')
  }

  /** Events that come too late, or of nothing. */
  #takeOutOfPlace(): void {
    // A turn that is due is taken at whatever event comes first.
    const dueMonoMs = this.#state.courses.map(({ rollout }) => rollout?.wakeAtMonoMs)
    const isDue = [this.#state.turnAtMonoMs, ...dueMonoMs].some((at) => at && at <= this.#monoMs)
    if (isDue) return
    const run = this.#oneOf([0, this.#lastRun + 1, this.#below(this.#lastRun)])
    const { name = '' } = this.#anyInstance() ?? {}
    const own = (['start', 'kill', 'age', 'hook', 'notify', 'status'] as const).map(
      (purpose) => `${name}/${purpose}` as const,
    )
    const key = this.#oneOf<DeadlineKey>([...own, 'drain', 'turn', 'sweep', 'budget'])
    if (!this.#deadlines.has(key)) this.#takeForNothing({ type: 'deadline', key })
    const living = [...this.#runs.values()].find(({ place }) => place === 'alive')
    if (living && !this.#hooks.has(living.run)) {
      const [hook, isOk] = [this.#oneOf<HookName>(['postStart', 'preStop']), this.#below(2) === 0]
      this.#takeForNothing({ type: 'answered', run: living.run, hook, isOk, detail: 'late' })
    }
    const { name: process } = this.#oneOf(this.#state.processes)
    if (!this.#watched.has(process)) this.#takeForNothing({ type: 'connected', process })
    if (this.#runs.has(run)) return
    this.#takeForNothing({ type: 'spawned', run, pid: 1 })
    this.#takeForNothing({ type: 'spawnFailed', run, errno: 'EAGAIN', step: 'fork' })
    this.#takeForNothing({ type: 'executed', run })
    this.#takeForNothing({ type: 'execFailed', run, errno: 'ENOENT', step: 'exec' })
    this.#takeForNothing({ type: 'exited', run, status: { code: 0, signal: 0 } })
    this.#takeForNothing({ type: 'emptied', run })
    this.#takeForNothing({ type: 'overMemoryLimit', run, bytes: 2000 })
    this.#takeForNothing({ type: 'notified', run, notice: { state: 'ready', status: 'late' } })
    for (const probe of ['startup', 'readiness', 'liveness'] as const) {
      this.#takeForNothing({ type: 'probed', run, probe, isOk: true, detail: '', durationMs: 0 })
    }
    for (const hook of ['postStart', 'preStop'] as const) {
      this.#takeForNothing({ type: 'answered', run, hook, isOk: false, detail: '' })
    }
  }

  #takeForNothing(fact: Fact): void {
    const before = JSON.stringify([this.#state, this.#effects.length, this.changes.length])
    this.take(fact)
    const after = JSON.stringify([this.#state, this.#effects.length, this.changes.length])
    assert.equal(after, before, `${fact.type} is dropped`)
  }

  /** Something that can come next, if there is anything; `isEnding`: nothing lives on for ever. */
  #anyAnswer(isEnding = false): (() => Fact | null) | undefined {
    const due = [...this.#deadlines].filter(([, atMonoMs]) => atMonoMs <= this.#monoMs)
    const answers = [
      ...due.map(([key]) => () => {
        this.#deadlines.delete(key)
        return { type: 'deadline', key } as const
      }),
      ...[...this.#runs.values()].flatMap((run) => this.#answersOf(run, isEnding)),
      ...[...this.#tries].flatMap(([key, effect]) => this.#resultOf(key, effect)),
      ...[...this.#hooks].flatMap(([run, hook]) => this.#answerOf(run, hook)),
      ...[...this.#watched].map((process) => (): Fact => {
        this.#watched.delete(process)
        return { type: 'connected', process }
      }),
    ]
    if (this.#sweeps > 0 && this.#below(10) === 0) answers.push(() => ({ type: 'swept' }))
    if (this.#isReading) {
      answers.push(() => {
        this.#isReading = false
        return { type: 'configRead', reading: { problem: 'walk' } }
      })
    }
    return answers.length === 0 ? undefined : this.#oneOf(answers)
  }

  /** A try that has begun ends somehow. */
  #resultOf(key: string, { run, probe, atMonoMs }: Try): (() => Fact)[] {
    if (atMonoMs > this.#monoMs) return []
    return [
      () => {
        this.#tries.delete(key)
        const isOk = this.#oneOf([true, true, true, false, false, false, null])
        if (isOk && probe === 'readiness') this.#passed.add(run)
        const result = { probe, isOk, detail: 'walk', durationMs: this.#below(9) }
        const againAtMonoMs = this.#monoMs + this.#oneOf([-5, 0, 700])
        return { type: 'probed', run, ...result, ...(this.#below(4) === 0 && { againAtMonoMs }) }
      },
    ]
  }

  /** Some hooks never end. */
  #answerOf(run: number, hook: HookName): (() => Fact)[] {
    if (run % 4 === 0) return []
    return [
      () => {
        this.#hooks.delete(run)
        return { type: 'answered', run, hook, isOk: this.#below(3) > 0, detail: 'walk' }
      },
    ]
  }

  /** Some say that they are ready, some of these go back on it, and some ask for more time again and again. */
  #anyNotice(): Notice {
    const state = this.#oneOf(['ready', 'ready', 'reloading', 'stopping'] as const)
    return this.#oneOf<Notice>([
      { state },
      { state, status: this.#oneOf(['', 'one', 'two']) },
      { status: this.#oneOf(['', 'one', 'two', 'three']) },
      { watchdog: 'alive' },
      { watchdog: 'alive' },
      { watchdog: 'failed' },
      { watchdogMs: this.#oneOf([0, 100, 3000]) },
      { extendMs: this.#oneOf([0, 10, 100, 60_000]) },
    ])
  }

  #anyProbes(): ProcessSpec['probes'] {
    const names: readonly ProbeName[] = ['startup', 'readiness', 'liveness']
    const some = names.filter(() => this.#below(3) === 0)
    return Object.fromEntries(some.map((name) => [name, this.#anyProbe(name)]))
  }

  #anyProbe(name: ProbeName): ProbeSpec {
    return probeSpec({
      by: this.#oneOf(['tries', 'tries', 'notify', name === 'liveness' ? 'tries' : 'logLine']),
      initialDelayMs: this.#oneOf([0, 0, 300]),
      periodMs: this.#oneOf([50, 1000]),
      successThreshold: name === 'readiness' ? 1 + this.#below(2) : 1,
      failureThreshold: 1 + this.#below(3),
      graceMs: this.#oneOf([null, 0, 200]),
    })
  }

  #answer(answer: (() => Fact | null) | undefined): void {
    const fact = answer?.()
    if (fact) this.take(fact)
  }

  /** What can come of a run now: executed or refused before its end, emptied when asked for, output at any time. */
  #answersOf(world: WorldRun, isEnding: boolean): (() => Fact | null)[] {
    const { run } = world
    const answers: (() => Fact | null)[] = []
    const can = (answer: () => Fact | null) => answers.push(answer)
    const isGone = world.place === 'ended' && world.isTreeAsked
    if (world.place === 'lane') {
      can(() => {
        world.place = this.#below(4) === 0 ? 'refused' : 'born'
        return null
      })
    }
    if (world.place === 'refused' || world.place === 'cancelled') {
      can(() => {
        this.#runs.delete(run)
        const passing = this.#oneOf(['EAGAIN', 'ENOMEM', 'E2BIG'])
        const errno = world.place === 'cancelled' ? 'ECANCELED' : passing
        return { type: 'spawnFailed', run, errno, step: 'fork' }
      })
    }
    if (world.place === 'born') {
      can(() => {
        world.place = 'alive'
        world.isOutputOpen = true
        return { type: 'spawned', run, pid: 100 + run }
      })
    }
    if (world.place === 'alive' && !world.isReported) {
      can(() => {
        world.isReported = true
        return this.#below(4) > 0
          ? { type: 'executed', run }
          : { type: 'execFailed', run, errno: 'ENOENT', step: 'exec' }
      })
    }
    if (world.place === 'alive' && world.isReported && (!isEnding || world.isAsked)) {
      // Some do not care for their stop signal.
      if (world.isKilled || run % 3 > 0) {
        can(() => {
          world.place = 'ended'
          const status = this.#oneOf([
            { code: 0, signal: 0 },
            { code: 3, signal: 0 },
            { code: 0, signal: 9 },
            { code: 0, signal: 15 },
          ])
          const seen = this.#oneOf<{ readonly clue?: Clue }>(
            status.signal === SIGKILL
              ? [{ clue: 'oom-kill' }, { clue: 'possible-oom-kill' }, {}]
              : [{ clue: 'heap-limit' }, {}, {}],
          )
          return { type: 'exited', run, status, ...seen }
        })
      }
    }
    const { memoryLimitBytes } = this.#specOf(world.instance)
    if (world.place === 'alive' && world.isReported && memoryLimitBytes !== null) {
      can(() => ({ type: 'overMemoryLimit', run, bytes: memoryLimitBytes + 1 }))
    }
    if (world.place === 'alive' && this.#below(3) === 0) {
      can(() => {
        const notice = this.#anyNotice()
        const { readiness } = this.#specOf(world.instance).probes
        if (notice.state === 'ready' && readiness?.by === 'notify') this.#passed.add(run)
        return { type: 'notified', run, notice }
      })
    }
    if (isGone && (world.isKilled || run % 5 > 0)) {
      can(() => {
        this.#gone(world)
        return { type: 'emptied', run }
      })
    }
    if (world.isOutputOpen) {
      can(() => {
        world.isOutputOpen = false
        this.#runs.delete(-run)
        return { type: 'outputEnded', run }
      })
    }
    return answers
  }

  #perform(effect: Effect, before: State): void {
    assert.equal(this.#exits, 0, `nothing follows the exit, but ${effect.type} did`)
    switch (effect.type) {
      case 'spawn':
        this.#spawn(effect.run, instanceName(effect.spec.name, effect.number))
        break
      case 'cancelSpawn': {
        const world = this.#runs.get(effect.run)
        assert.ok(world, 'only a run that lives is taken back')
        if (world.place === 'lane') world.place = 'cancelled'
        break
      }
      case 'signal': {
        const world = this.#runs.get(effect.run)
        assert.equal(world?.place, 'alive', 'only a main process that is told of is signalled')
        assert.ok(!this.#hooks.has(effect.run), 'no stop signal while a hook is awaited')
        if (world && !world.isAsked) {
          if (!this.#asked.has(`${effect.run} preStop`)) this.#checkStopBegins(effect.run, before)
          this.#checkPreStop(world, before)
        }
        this.#signal(world, effect.signal)
        break
      }
      case 'send':
        assert.equal(this.#runs.get(effect.run)?.place, 'alive', 'only what lives is signalled')
        break
      case 'ask': {
        const { run, hook } = effect
        const world = this.#runs.get(run)
        assert.ok(world?.place === 'alive' && world.isReported, 'a hook is of what is executing')
        assert.ok(!world.isAsked, 'no hook comes after the stop signal')
        assert.ok(!this.#hooks.has(run), 'one hook at a time')
        assert.ok(!this.#asked.has(`${run} ${hook}`), 'no hook is asked for twice')
        assert.ok(hook === 'preStop' || !this.#asked.has(`${run} preStop`), 'postStart is first')
        if (hook === 'preStop') this.#checkStopBegins(run, before)
        this.#hooks.set(run, hook)
        this.#asked.add(`${run} ${hook}`)
        break
      }
      case 'dismiss':
        assert.equal(this.#hooks.get(effect.run), effect.hook, 'only what is awaited is dismissed')
        if (effect.hook === 'preStop') this.#checkDismissal(effect.run, before)
        this.#hooks.delete(effect.run)
        break
      case 'offer':
        assert.equal(this.#runs.get(effect.run)?.place, 'alive', 'a signal is offered to who lives')
        break
      case 'abandon': {
        const world = this.#runs.get(effect.run)
        assert.equal(world?.place, 'ended', 'only what a main process left is abandoned')
        if (world) this.#gone(world)
        break
      }
      case 'endTree': {
        const world = this.#runs.get(effect.run)
        assert.equal(world?.place, 'ended', 'a tree is ended when its main process has')
        this.#signal(world, effect.signal)
        if (world) world.isTreeAsked = true
        break
      }
      case 'probe': {
        const key = `${effect.run} ${effect.probe}`
        assert.equal(this.#runs.get(effect.run)?.place, 'alive', 'only what lives is probed')
        assert.ok(!this.#tries.has(key), 'a probe is never tried twice at once')
        assert.ok(effect.atMonoMs >= this.#monoMs, 'a try lies ahead')
        this.#tries.set(key, effect)
        break
      }
      case 'stopProbe': {
        const { instance = '' } = this.#runs.get(effect.run) ?? {}
        const isTried = this.#tries.delete(`${effect.run} ${effect.probe}`)
        const isDone = this.#specOf(instance).probes[effect.probe]?.by === 'logLine'
        assert.ok(isTried || isDone, 'what rests was tried')
        break
      }
      case 'watchSockets':
        assert.ok(!this.#watched.has(effect.process), 'sockets are watched once')
        this.#watched.add(effect.process)
        break
      case 'unwatchSockets':
        assert.ok(this.#watched.delete(effect.process), 'only what is watched is not any more')
        break
      case 'wake':
        if (effect.atMonoMs === null) this.#deadlines.delete(effect.key)
        else {
          assert.ok(effect.atMonoMs >= this.#monoMs, 'a deadline lies ahead')
          this.#deadlines.set(effect.key, effect.atMonoMs)
        }
        break
      case 'sweep':
        assert.ok(
          [...this.#runs.keys()].every((run) => run < 0),
          'the sweep comes when every run is over',
        )
        this.#sweeps += 1
        break
      case 'readConfig':
        assert.ok(!this.#isReading, 'the files are read once at a time')
        this.#isReading = true
        break
      case 'adopt': {
        const instance = this.#state.instances.find((one) => one.live?.run === effect.run)
        const { replicas: _, ...spec } = (instance && lookUpSpecs(this.#state)(instance)) ?? {}
        const { replicas: __, ...adopted } = effect.spec
        if (instance) assert.deepEqual(adopted, spec)
        if (before.instances.some(isReadyRun(effect.run))) this.#passed.add(effect.run)
        break
      }
      case 'forget':
        assert.ok(
          this.#last.changes.some(
            (change) => change.type === 'departure' && change.instance === effect.instance,
          ),
          'only who leaves is forgotten',
        )
        break
      case 'reopenLogs':
        assert.equal(this.#exits, 0)
        break
      case 'exit':
        this.#exits += 1
        break
    }
  }

  /** In a shutdown every step has a share of what is left. */
  #checkBudget(key: DeadlineKey, atMonoMs: number): void {
    const { ending, shutdown } = this.#state
    // Who does not end after SIGKILL is waited for until the end of the budget at most, which is a deadline of its own.
    if (
      ending === null ||
      ['budget', 'turn'].includes(key) ||
      /\/(start|age|notify|status|rollout)$/.test(key)
    )
      return
    const usableEnd = ending.beganMonoMs + usableMs(shutdown)
    assert.ok(atMonoMs <= Math.max(usableEnd, this.#monoMs + 1), `${key} is within the budget`)
  }

  /** Nothing of the run lives but perhaps who holds its output. */
  #gone(world: WorldRun): void {
    this.#runs.delete(world.run)
    if (world.isOutputOpen) this.#runs.set(-world.run, world)
  }

  #spawn(run: number, instance: string): void {
    assert.ok(run > this.#lastRun, 'the numbers of runs rise')
    this.#lastRun = run
    for (const [key, other] of this.#runs) {
      assert.ok(other.instance !== instance || key < 0, `${instance} has one live run at most`)
    }
    // A rollout may start what a failure ends in the same step.
    assert.ok(
      ['running', 'draining'].includes(this.#state.phase) || this.#cancelled.has(run),
      'nothing starts once things are stopped',
    )
    this.#checkDependencies(instance)
    if (this.#specOf(instance).isOnDemand) {
      const { type } = this.events.at(-1) ?? {}
      const isCalled = ['connected', 'start', 'restart'].includes(type ?? '')
      assert.ok(isCalled, 'a process is started by a connection, or by somebody')
    }
    const group = this.#state.groups.find(({ restarting }) => restarting.includes(instance))
    assert.equal(group, undefined, 'nothing of a group starts before all of it has ended')
    const place = 'lane'
    const flags = { isReported: false, isOutputOpen: false, isTreeAsked: false }
    this.#runs.set(run, { run, instance, place, ...flags, isAsked: false, isKilled: false })
  }

  /** What it depends on may be replaced in the step that starts it. */
  #checkDependencies(instance: string): void {
    for (const dependency of this.#specOf(instance).dependsOn) {
      const { process, condition } = dependency
      const between = { ...this.#before, processes: this.#state.processes }
      const states = [this.#before, between, this.#state]
      const isMet = states.some((state) => this.#isMet(dependency, state))
      assert.ok(isMet, `${instance} starts when ${process} is ${condition}`)
    }
  }

  #isMet({ process, condition }: Dependency, { processes, instances }: State): boolean {
    const others = instances.filter((one) => one.process === process)
    const needed = processes.find(({ name }) => name === process)
    if (needed === undefined) return false
    const { replicas, isOnDemand } = needed
    const met = others.filter(
      ({ phase, isWanted }) =>
        phase === 'succeeded' ||
        (condition !== 'succeeded' &&
          (phase === 'running' || (isOnDemand && isWanted && !isAtRest(phase)))),
    )
    const least = Math.max(1, replicas - unavailableOf(needed))
    return met.length >= (condition === 'succeeded' ? others.length : least)
  }

  #checkStopBegins(run: number, before: State): void {
    this.#checkStopOrder(run, before)
    this.#checkGroupOrder(run)
  }

  /** What is restarted with others is stopped in the reverse order of the group. */
  #checkGroupOrder(run: number): void {
    const { groups, instances } = this.#state
    const now = instances.find(({ live }) => live?.run === run)
    if (!now?.isWanted || now.live?.cause !== 'stop-requested' || this.#ordered.has(run)) return
    const group = groups.find(({ restarting }) => restarting.includes(now.name))
    assert.ok(group, 'who is wanted is stopped by its group, or by somebody')
    const { restarting, spec } = group
    const place = spec.processes.indexOf(now.process)
    for (const other of instances.filter(({ name }) => restarting.includes(name))) {
      if (spec.processes.indexOf(other.process) <= place) continue
      assert.equal(other.live, null, `${now.name} is stopped after ${other.name}`)
    }
  }

  /** In a shutdown what depends on a process has ended before that is stopped. */
  #checkStopOrder(run: number, before: State): void {
    const { instances, ending, phase } = this.#state
    if (phase !== 'stopping' || ending?.isForced) return
    const old = before.instances.find(({ live }) => live?.run === run)
    const now = instances.find(({ live }) => live?.run === run)
    // A spawn that was taken back too late, and what a mistake has hit, are ended at once.
    if (old?.phase === 'stopping' || now?.isGivenUp) return
    const needing = [now?.process]
    for (const needed of needing) {
      for (const { name, dependsOn } of this.#plan.processes) {
        if (dependsOn.some(({ process }) => process === needed)) needing.push(name)
      }
    }
    for (const other of instances.filter(({ process }) => needing.slice(1).includes(process))) {
      const { isKilled = false, killAtMonoMs = 0 } = other.live ?? {}
      if (isKilled && this.#monoMs >= (killAtMonoMs ?? 0) + 1000) continue
      assert.ok(isAtRest(other.phase), `${now?.name} is stopped after ${other.name}`)
    }
  }

  /** The stop signal comes now: before it preStop has been asked for, where there was time and a reason. */
  #checkPreStop({ run, instance, isReported }: WorldRun, before: State): void {
    const live = before.instances.find((one) => one.live?.run === run)?.live
    const isBegun =
      isReported && live?.executedMonoMs != null && this.#state.ending?.isForced !== true
    if (!isBegun || !this.#specOf(instance).hooks.includes('preStop')) return
    const now = this.#state.instances.find((one) => one.live?.run === run)?.live
    if ((now?.killAtMonoMs ?? 0) <= this.#monoMs) return
    assert.ok(this.#asked.has(`${run} preStop`), 'preStop comes before the stop signal')
  }

  /** preStop is given up when its time is over, its run has ended, or nobody waits any more. */
  #checkDismissal(run: number, before: State): void {
    const { name = '' } = before.instances.find(({ live }) => live?.run === run) ?? {}
    const isOver = this.#runs.get(run)?.place !== 'alive'
    const fact = this.events.at(-1)
    const isDue = fact?.type === 'deadline' && [`${name}/hook`, `${name}/kill`].includes(fact.key)
    assert.ok(isOver || isDue || this.#state.ending?.isForced, 'preStop has its time')
  }

  #signal(world: WorldRun | undefined, signal: number): void {
    if (!world) return
    if (signal === SIGKILL) {
      const isLeftOfMixed =
        world.place === 'ended' && this.#specOf(world.instance).killMode === 'mixed'
      assert.ok(world.isAsked || isLeftOfMixed, 'the stop signal comes before SIGKILL')
      world.isKilled = true
    } else {
      assert.ok(!world.isKilled, 'nothing comes after SIGKILL')
      world.isAsked = true
    }
  }

  #specOf(instance: string) {
    const found = [this.#state, this.#before].flatMap((state) => {
      const known = state.instances.find(({ name }) => name === instance)
      return (known && lookUpSpecs(state)(known)) ?? []
    })
    const spec = found[0] ?? this.#processOf(instance)
    if (spec === undefined) throw new Error(`no spec of ${instance}`)
    return spec
  }

  /** As the process of an instance is to be, in a rollout too. */
  #processOf(instance: string): ProcessSpec | undefined {
    const processes = [...this.#state.processes, ...this.#plan.processes]
    return processes.find(({ name }) => instance.startsWith(`${name}.`))
  }

  /** Each phase follows the one before it. */
  #check(change: Change): void {
    if (change.type === 'departure') {
      this.#phases.delete(change.instance)
      this.#departed.add(change.instance)
    }
    if (change.type !== 'instance') return
    const { cause, status, phase } = change
    if (cause === 'oom-killed') assert.equal(status?.signal, SIGKILL)
    if (cause === 'signal') assert.notEqual(status?.signal, 0)
    if (cause === 'heap-limit') assert.ok(status?.code !== 0 || status?.signal !== 0)
    if (cause === 'completed') assert.equal(status?.signal, 0)
    if (phase === 'succeeded') assert.equal(cause, 'completed')
    const last = this.#phases.get(change.instance) ?? this.#firstPhase(change.instance)
    assert.equal(change.previous, last, `the phases of ${change.instance} have no gap`)
    this.#phases.set(change.instance, change.phase)
  }

  /** A run that is too old goes while the others are ready, and its end counts for nothing. */
  #checkRenewal(change: Change, stateBefore: State): void {
    if (change.type !== 'instance' || change.cause !== 'max-age') return
    if (this.#ordered.has(change.run)) return
    const of = ({ instances }: State) => instances.find(({ name }) => name === change.instance)
    const [before, now] = [of(stateBefore), of(this.#state)]
    // Another one may have its name already.
    if (before?.isLeaving) return
    assert.ok(before && now)
    if (change.previous === 'running') {
      const others = this.#state.instances.filter(
        ({ process, name }) => process === change.process && name !== change.instance,
      )
      const isThere = ({ phase, live }: Instance) =>
        phase === 'running' ? live?.readySinceMonoMs != null : isAtRest(phase)
      assert.ok(
        now.live?.readySinceMonoMs == null || others.every(isThere),
        'one that is ready goes when all others are',
      )
      assert.ok(this.#mayRenew(), 'nothing is renewed that is about to be stopped')
    } else if (change.phase !== 'stopping') {
      const isGivenUp = now.isGivenUp || !now.isWanted
      // Its group may be given up in the same step.
      const comesBack = change.phase === 'pending'
      assert.ok(comesBack || (isGivenUp && isAtRest(change.phase)), 'it comes back')
      assert.ok(now.failures === before.failures || now.failures === 0, 'it is no failure')
      assert.deepEqual(now.recentRestartsMonoMs, before.recentRestartsMonoMs)
    }
  }

  /** Nothing is made while too many live, and no rollout ends what is ready while too few are. */
  #checkReplicas({ instances: before }: State): void {
    for (const [index, spec] of this.#state.processes.entries()) {
      const { name, replicas } = spec
      const { rollout, isRemoved, revisions = [] } = this.#state.courses[index] ?? {}
      const all = this.#state.instances.filter(({ process }) => process === name)
      const isMade = all.some((one) => !before.some((other) => other.name === one.name))
      // A rollout may have begun, made some by its own strategy, and failed.
      const hasFailed = this.#last.changes.some(
        (change) =>
          change.type === 'rollout' && change.process === name && change.state === 'failed',
      )
      const specs = hasFailed ? [spec, ...revisions.map((revision) => revision.spec)] : [spec]
      const most = Math.max(...specs.map((one) => replicas + surgeOf({ ...one, replicas })))
      assert.ok(!isMade || all.length <= most, `${name} has no room for one more`)
      if (this.#state.phase !== 'running' || isRemoved) continue
      const staying = all.filter(({ isLeaving }) => !isLeaving)
      assert.ok(rollout || all.length >= replicas, `${name} has its replicas`)
      assert.ok(rollout || staying.length <= replicas, `${name} has no more than its replicas`)
      this.#checkRetired(spec, staying, before)
    }
    for (const { isLeaving, phase, isWanted } of this.#state.instances) {
      const isGoing = !isWanted && !isAtRest(phase)
      assert.ok(!isLeaving || isGoing, 'who leaves stops, and is no more when it has')
    }
  }

  #checkRetired(
    spec: ProcessSpec,
    staying: readonly Instance[],
    before: readonly Instance[],
  ): void {
    if (spec.strategy.type === 'Recreate') return
    const { changes } = this.#last
    const retired = before.filter(
      (one) =>
        one.process === spec.name &&
        isReady(one) &&
        changes.some((change) => {
          return (
            change.type === 'instance' &&
            change.instance === one.name &&
            change.previous === 'running' &&
            change.reason === 'rollout'
          )
        }),
    )
    if (retired.length === 0) return
    const there = staying.filter((one) => serves(one, spec) || one.phase === 'succeeded')
    const least = spec.replicas - unavailableOf(spec)
    assert.ok(there.length >= least, `${spec.name} has enough that are ready`)
  }

  #checkInstance(instance: Instance, stateBefore: State): void {
    const { name, phase, live } = instance
    assert.equal(this.#phases.get(name) ?? this.#firstPhase(name), phase, 'each phase is told')
    const before = stateBefore.instances.find((one) => one.name === name)
    if (before && !this.#departed.has(name)) this.#checkHistory(instance, before)
    const limit = this.#state.processes.find((one) => one.name === instance.process)?.restartLimit
    if (limit) {
      assert.ok(instance.recentRestartsMonoMs.length <= limit.count, 'restarts have a limit')
      if (phase !== 'failed') assert.ok(instance.failures <= limit.count, 'also in a row')
    }
    for (const name of ['startup', 'readiness', 'liveness'] as const) {
      const isTried = live !== null && this.#tries.has(`${live.run} ${name}`)
      const known = live?.probes[name]
      const isDone = this.#specOf(instance.name).probes[name]?.by === 'logLine' && known?.isPassing
      const isLive = live !== null && live.end === null
      assert.equal(
        isLive && known !== undefined && !isDone,
        isTried,
        `${name} is tried when it is known`,
      )
    }
    const { probes, maxAgeMs, dependsOn } = this.#specOf(instance.name)
    // What is applied does not reach a run that has ended.
    const isReadyRun = live?.readySinceMonoMs != null && live.end === null
    if (isReadyRun && probes.readiness) {
      assert.ok(this.#passed.has(live.run), 'not ready before the first success')
    }
    if (phase === 'running' && live && probes.liveness && instance.isWanted) {
      const speaks = live.limit?.probe === 'liveness' || live.said.watchdogMs === 0
      const isWatched = probes.liveness.by === 'notify' ? speaks : live.probes.liveness
      assert.ok(isWatched, 'what runs is asked whether it lives')
    }
    assert.equal(
      live?.limit?.untilMonoMs,
      this.#deadlines.get(`${name}/notify`),
      'a limit has a deadline',
    )
    if (live?.limit) {
      const { probe } = live.limit
      assert.equal(probes[probe]?.by, 'notify', 'who has to speak can')
      assert.equal(phase, probe === 'startup' ? 'starting' : 'running')
    }
    const tellAtMs = live?.said.tellAtMonoMs ?? undefined
    assert.equal(tellAtMs, this.#deadlines.get(`${name}/status`), 'a status waits for a deadline')
    if (phase === 'running' && probes.readiness?.by === 'notify') {
      assert.equal(isReady(instance), live?.said.state === 'ready', 'ready by its last word')
    }
    const isAging = live?.executedMonoMs != null && phase !== 'stopping'
    const hasAge = isAging && maxAgeMs !== null
    assert.equal(hasAge, live !== null && live.age !== 'unlimited', 'what executes grows older')
    assert.equal(this.#deadlines.has(`${name}/age`), live?.age === 'young', 'until it is old')
    if (live?.age === 'old' && phase === 'running' && this.#mayRenew()) {
      // Its group ends it in its turn.
      const isHeld = this.#state.groups.some(({ restarting }) => restarting.includes(name))
      const isAlone = this.#state.instances.every(
        (other) => other === instance || other.process !== instance.process,
      )
      const mayWait = isHeld || dependsOn.length > 0 || !isAlone || !instance.isWanted
      assert.ok(mayWait, 'what is old and waits for nothing goes')
    }
    const waits = instance.isWaiting || instance.awaited === 'connection'
    const isWatched = this.#watched.has(instance.process)
    if (instance.awaited === 'connection') assert.ok(isWatched, 'a connection is heard of')
    assert.equal(
      live === null,
      ['backoff', 'stopped', 'succeeded', 'failed'].includes(phase) ||
        (phase === 'pending' && (waits || this.#deadlines.has(`${name}/start`))),
      `${name} is ${phase} with a run only where it has one`,
    )
    const isWaiting = instance.isWanted && (phase === 'backoff' || phase === 'pending') && !live
    assert.ok(isWaiting || !instance.isWaiting, 'only what is pending waits for others')
    assert.ok(isWaiting || instance.awaited === null, 'and for connections')
    const hasDeadline = isWaiting && !waits
    assert.equal(this.#deadlines.has(`${name}/start`), hasDeadline, 'a wait has a deadline')
    const awaited = live === null ? undefined : this.#hooks.get(live.run)
    assert.equal(live?.hook ?? undefined, awaited, 'a hook is awaited when it is known')
    const hookAtMs = this.#deadlines.get(`${name}/hook`)
    assert.equal(hookAtMs !== undefined, awaited === 'preStop', 'preStop has a deadline')
    if (hookAtMs !== undefined) {
      assert.equal(phase, 'stopping')
      const killAtMs = this.#deadlines.get(`${name}/kill`) ?? 0
      const hasTime = hookAtMs < killAtMs || killAtMs <= this.#monoMs
      assert.ok(hasTime, 'the stop signal has a time of its own before SIGKILL')
    }
    if (awaited === 'postStart') assert.equal(phase, 'starting')
    if (phase === 'running' && this.#specOf(name).hooks.includes('postStart')) {
      assert.ok(this.#asked.has(`${live?.run} postStart`), 'what runs has had its postStart')
    }
    const isInGrace = phase === 'stopping' && live?.pid !== null && !live?.isKilled
    assert.equal(this.#deadlines.has(`${name}/kill`), isInGrace, 'a grace has a deadline')
  }

  /** What is never taken back. */
  #checkHistory({ isWanted, wasReady, live }: Instance, before: Instance): void {
    const isStarted = ['start', 'restart'].includes(this.events.at(-1)?.type ?? '')
    assert.ok(before.isWanted || !isWanted || isStarted, 'only a user wants it again')
    assert.ok(!before.wasReady || wasReady, 'started never goes back')
    if (before.live?.cause && live?.run === before.live.run && live.cause !== before.live.cause) {
      assert.equal(before.live.cause, 'stop-requested', 'the cause is written once')
      assert.equal(live.cause, 'grace-exceeded')
      assert.ok(live.isKilled)
    }
  }

  /** Only who has a limit is over it, and is asked to end; that counts as a failure. */
  #checkMemoryLimit(change: Change, stateBefore: State): void {
    if (change.type !== 'instance' || change.cause !== 'memory-limit') return
    if (this.#ordered.has(change.run)) return
    if (change.phase === 'stopping' && change.previous !== 'stopping') {
      const { memoryLimitBytes } = this.#specOf(change.instance)
      assert.notEqual(memoryLimitBytes, null, 'it has a limit')
    }
    if (change.phase !== 'backoff' && change.phase !== 'pending') return
    const of = ({ instances }: State) => instances.find(({ name }) => name === change.instance)
    const [before, now] = [of(stateBefore), of(this.#state)]
    if (before?.isLeaving && !now) return
    assert.ok(before && now)
    assert.ok(now.failures === before.failures + 1 || now.failures === 1, 'it is a failure')
  }

  #mayRenew(): boolean {
    const { phase, withdrawal } = this.#state
    return phase === 'running' && withdrawal?.for !== 'drain'
  }

  #firstPhase(instance: string): string {
    const courses = [...this.#state.courses, ...this.#before.courses]
    const course = courses.find(({ process }) => instance.startsWith(`${process}.`))
    return course?.isWanted ? 'pending' : 'stopped'
  }

  #anyInstance(): Instance | undefined {
    const { instances } = this.#state
    return instances[this.#below(instances.length)]
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit)
  }

  #oneOf<T>(values: readonly T[]): T {
    const value = values[this.#below(values.length)]
    if (value === undefined) throw new Error('nothing to choose from')
    return value
  }
}

function isAtRest(phase: string): boolean {
  return ['stopped', 'succeeded', 'failed'].includes(phase)
}

function isReadyRun(run: number): (instance: Instance) => boolean {
  return (instance) => instance.live?.run === run && instance.live.readySinceMonoMs !== null
}
