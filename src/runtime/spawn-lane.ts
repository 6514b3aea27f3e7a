import type { Effect } from '../core/effects.ts'
import type { Clock } from '../ports/clock.ts'

/** How much of one turn of the event loop may go into spawning: one spawn blocks it for 2 to 4 ms. */
const turnBudgetMs = 8

export type SpawnRequest = Extract<Effect, { type: 'spawn' }>

/** Spawns at once while this turn has time for it, and the rest after the event loop has looked for input. */
export class SpawnLane {
  readonly #clock: Clock
  readonly #spawn: (request: SpawnRequest) => void
  /** In order of arrival. */
  readonly #waiting = new Map<number, SpawnRequest>()
  #spentMs = 0
  #isScheduled = false

  constructor(clock: Clock, spawn: (request: SpawnRequest) => void) {
    this.#clock = clock
    this.#spawn = spawn
  }

  add(request: SpawnRequest): void {
    this.#waiting.set(request.run, request)
    this.#work()
  }

  /** Takes a spawn back that has not begun; false when it has. */
  remove(run: number): boolean {
    return this.#waiting.delete(run)
  }

  /** A spawn that has not begun is of this spec. */
  amend(run: number, spec: SpawnRequest['spec']): void {
    const request = this.#waiting.get(run)
    if (request) this.#waiting.set(run, { ...request, spec })
  }

  #work(): void {
    for (const [run, request] of this.#waiting) {
      if (this.#spentMs >= turnBudgetMs) break
      this.#waiting.delete(run)
      const begin = this.#clock.now().monoMs
      this.#spawn(request)
      this.#spentMs += this.#clock.now().monoMs - begin
    }
    if (this.#isScheduled) return
    this.#isScheduled = true
    this.#clock.afterPoll(() => {
      this.#isScheduled = false
      this.#spentMs = 0
      if (this.#waiting.size > 0) this.#work()
    })
  }
}
