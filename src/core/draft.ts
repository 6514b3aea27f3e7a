import type { ProcessSpec } from '../plan/process-spec.ts'
import { afterMs, stepMs, usableMs } from '../plan/shutdown.ts'
import type { Change, Told } from './changes.ts'
import { lookUpSpecs, type SpecOf } from './course.ts'
import { lookUp, waitOf } from './dependencies.ts'
import type { Effect } from './effects.ts'
import { exitCodeOf } from './ending.ts'
import type { Moment } from './events.ts'
import { describeLimit, groupOf, holdOf, withRestart } from './groups.ts'
import { type Instance, type LiveRun, type Stage, stageOf } from './instance-state.ts'
import type { Course, Ending, Group, State } from './state.ts'
import type { Step } from './step.ts'
import { stopsToCome } from './stop-order.ts'
import { countOn } from './tally.ts'

interface Members {
  readonly spec: ProcessSpec
  readonly all: readonly Instance[]
  readonly staying: readonly Instance[]
}

/** One step in the making. */
export class Draft implements Step {
  state: State
  readonly at: Moment
  readonly unit: number
  readonly effects: Effect[] = []
  readonly changes: Change[] = []
  #specs: Pick<State, 'processes' | 'courses'> & { lookUp: SpecOf } = {
    ...{ processes: [], courses: [], lookUp: () => undefined },
  }
  #afterMs: ReadonlyMap<string, number> | null = null
  /** The list of instances that is this step's own. */
  #own: Instance[] | null = null

  constructor(state: State, at: Moment, unit: number) {
    this.state = state
    this.at = at
    this.unit = unit
  }

  get isForced(): boolean {
    return this.state.ending?.isForced ?? false
  }

  newRun(): number {
    const run = this.state.nextRun
    this.state = { ...this.state, nextRun: run + 1 }
    return run
  }

  graceMs({ name, graceMs }: Pick<ProcessSpec, 'name' | 'graceMs'>): number {
    if (this.state.ending === null) return graceMs
    // What stops in one step waits for nothing else that does.
    this.#afterMs ??= afterMs(this.state.processes, stopsToCome(this.state, this.at.monoMs))
    return this.shareMs(graceMs, graceMs + (this.#afterMs.get(name) ?? 0))
  }

  extensionMs({ name, graceMs }: Pick<ProcessSpec, 'name' | 'graceMs'>): number {
    return this.graceMs({ name, graceMs: Math.min(graceMs, usableMs(this.state.shutdown)) })
  }

  waitOf(instance: Instance, spec: ProcessSpec): string | null {
    const hold = holdOf(instance, this.state.groups)
    // Most depend on nothing, and there may be many.
    return hold !== null || spec.dependsOn.length === 0 ? hold : waitOf(spec, lookUp(this.state))
  }

  restartsInGroup(instance: Instance): string | null {
    const { groups, instances } = this.state
    const before = groupOf(instance, groups)
    if (before === undefined) return null
    const group = withRestart(before, instances, instance, this.at.monoMs)
    this.setGroup(before, group)
    const { spec } = group
    return group.isFailed && spec.restartLimit ? describeLimit(spec, spec.restartLimit) : null
  }

  want(...effects: readonly Effect[]): void {
    this.effects.push(...effects)
  }

  tell(change: Told): void {
    this.changes.push({ at: this.at, ...change })
  }

  setGroup(before: Group, group: Group): void {
    const { groups } = this.state
    this.state = { ...this.state, groups: groups.with(groups.indexOf(before), group) }
  }

  /** What a step gets of its own time: all of it, or in a shutdown its share of what is left of the budget. */
  shareMs(ownMs: number, chainMs: number): number {
    const { ending, shutdown } = this.state
    if (ending === null) return ownMs
    const leftMs = ending.beganMonoMs + usableMs(shutdown) - this.at.monoMs
    return stepMs(ownMs, leftMs, chainMs)
  }

  amend(part: Partial<Ending>): void {
    const { ending } = this.state
    if (ending !== null) this.state = { ...this.state, ending: { ...ending, ...part } }
  }

  enter(phase: State['phase']): void {
    const { reason, code } = this.state.ending ?? { reason: '', code: 0 }
    this.state = { ...this.state, phase }
    this.tell({ type: 'supervisor', phase, reason, code })
  }

  /** Runs `change` for the instance whose live run is `run`; an event of an older run, or of another stage of it, is dropped. */
  withRun(
    run: number,
    stage: Stage,
    change: (instance: Instance, spec: ProcessSpec, live: LiveRun) => Instance,
  ): void {
    const index = this.state.instances.findIndex((instance) => instance.live?.run === run)
    const instance = this.state.instances[index]
    if (!instance?.live || stageOf(instance.live) !== stage) return
    this.replace(index, change(instance, this.specOf(instance), instance.live))
  }

  /** Runs `change` for the instance of that name, if there is one. */
  withInstance(name: string, change: (instance: Instance, spec: ProcessSpec) => Instance): void {
    const index = this.state.instances.findIndex((instance) => instance.name === name)
    const instance = this.state.instances[index]
    if (instance) this.replace(index, change(instance, this.specOf(instance)))
  }

  each(change: (instance: Instance, spec: ProcessSpec) => Instance): void {
    for (const [index, instance] of this.state.instances.entries()) {
      this.replace(index, change(instance, this.specOf(instance)))
    }
  }

  replace(index: number, instance: Instance): void {
    const before = this.state.instances[index]
    if (before === undefined || before === instance) return
    // A command may be about a thousand: the list is copied once a step. The one that came with the state never changes.
    const instances = this.state.instances === this.#own ? this.#own : [...this.state.instances]
    instances[index] = instance
    this.#own = instances
    this.setInstances(instances, [before], [instance])
    if (instance.phase === 'failed' && this.state.firstFailureCode === null) {
      this.state = { ...this.state, firstFailureCode: exitCodeOf(instance) }
    }
  }

  /** They are what they were without those who `left` and with those who `came`. */
  setInstances(
    instances: readonly Instance[],
    left: readonly Instance[],
    came: readonly Instance[],
  ): void {
    countOn(this.state.instances, instances, left, came)
    this.state = { ...this.state, instances }
  }

  specOf(instance: Instance): ProcessSpec {
    const { processes, courses } = this.state
    if (this.#specs.processes !== processes || this.#specs.courses !== courses) {
      this.#specs = { processes, courses, lookUp: lookUpSpecs(this.state) }
    }
    const spec = this.#specs.lookUp(instance)
    if (spec === undefined) throw new Error(`no process ${instance.process}`)
    return spec
  }

  courseOf(process: string): Course {
    const course = this.state.courses.find((one) => one.process === process)
    if (course === undefined) throw new Error(`no process ${process}`)
    return course
  }

  /** The spec that a process is to have, all its instances, and those of them that do not leave. */
  membersOf(process: string): Members {
    const spec = this.state.processes.find(({ name }) => name === process)
    if (spec === undefined) throw new Error(`no process ${process}`)
    const all = this.state.instances.filter((one) => one.process === process)
    return { spec, all, staying: all.filter(({ isLeaving }) => !isLeaving) }
  }

  setSpec(spec: ProcessSpec): void {
    const processes = this.state.processes.map((one) => (one.name === spec.name ? spec : one))
    this.state = { ...this.state, processes }
  }

  /** Brings the instances into the order of their processes, and then of their numbers. */
  sortInstances(): void {
    const { processes, instances } = this.state
    const places = new Map(processes.map(({ name }, place) => [name, place]))
    const placeOf = ({ process }: Instance) => places.get(process) ?? 0
    const sorted = instances.toSorted((a, b) => placeOf(a) - placeOf(b) || a.number - b.number)
    this.setInstances(sorted, [], [])
  }

  setCourse(process: string, part: Partial<Course>): void {
    const courses = this.state.courses.map((course) =>
      course.process === process ? { ...course, ...part } : course,
    )
    this.state = { ...this.state, courses }
  }
}
