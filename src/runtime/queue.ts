import type { Change } from '../core/changes.ts'
import type { Effect } from '../core/effects.ts'
import type { Event, Fact } from '../core/events.ts'
import type { State } from '../core/state.ts'
import { instanceOf, step } from '../core/supervisor.ts'
import { type View, view } from '../core/view.ts'
import type { ProcessSpec } from '../plan/process-spec.ts'
import type { Clock } from '../ports/clock.ts'

/** More waiting events than this mean a mistake in here: one drain makes only a few. */
const maxWaiting = 10_000

export interface QueuePorts {
  readonly clock: Clock
  readonly perform: (effect: Effect) => void
  readonly publish: (change: Change) => void
}

/** The one way in: stamps events, has the core decide, publishes what changed and starts what it wants, one event after the other. */
export class Queue {
  readonly #ports: QueuePorts
  readonly #waiting: Event[] = []
  #state: State
  #isDraining = false
  /** Of this state. */
  #viewed: View | null = null

  constructor(state: State, ports: QueuePorts) {
    this.#state = state
    this.#ports = ports
  }

  /** Takes `fact` in at once, unless an event is being taken in: then right after it. */
  post(fact: Fact): void {
    if (this.#waiting.length >= maxWaiting) {
      this.report(new Error(`event queue is full, dropped ${fact.type}`))
      return
    }
    const { clock } = this.#ports
    this.#waiting.push({ ...fact, at: clock.now(), unit: clock.unit() })
    if (this.#isDraining) return
    this.#isDraining = true
    for (let event = this.#waiting.shift(); event; event = this.#waiting.shift()) this.#take(event)
    this.#isDraining = false
  }

  /** What processes are now. */
  specs(): readonly ProcessSpec[] {
    return this.#state.processes
  }

  get state(): State {
    return this.#state
  }

  view(): View {
    this.#viewed ??= view(this.#state)
    return this.#viewed
  }

  /** Publishes an error that nobody expected. */
  report(error: unknown): void {
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
    this.#publish({ type: 'internalError', at: this.#ports.clock.now(), message })
  }

  /** A throw leaves the state as it was: the event is lost and the instance that it named is given up, the supervisor is not. */
  #take(event: Event): void {
    try {
      const { state, effects, changes } = step(this.#state, event)
      if (state !== this.#state) this.#viewed = null
      this.#state = state
      for (const change of changes) this.#publish(change)
      for (const effect of effects) this.#perform(effect)
    } catch (error) {
      this.report(error)
      const instance = instanceOf(this.#state, event)
      if (instance !== undefined) this.post({ type: 'broken', instance })
    }
  }

  #perform(effect: Effect): void {
    try {
      this.#ports.perform(effect)
    } catch (error) {
      this.report(error)
    }
  }

  /** A reader that throws has no one to tell: readers catch what they expect. */
  #publish(change: Change): void {
    try {
      this.#ports.publish(change)
    } catch {
      // Not even the report of it could be published.
    }
  }
}
