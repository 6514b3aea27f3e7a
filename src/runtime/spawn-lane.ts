import type { Clock } from '../ports/clock.ts'

/** How much of one turn of the event loop may go into spawning: one spawn blocks it for 2 to 4 ms. */
const turnBudgetMs = 8

/** Spawns at once while this turn has time for it, and the rest after the event loop has looked for input. */
export class SpawnLane {
  readonly #clock: Clock
  readonly #spawn: (run: number, instance: string) => void
  /** In order of arrival. */
  readonly #waiting = new Map<number, string>()
  #spentMs = 0
  #isScheduled = false

  constructor(clock: Clock, spawn: (run: number, instance: string) => void) {
    this.#clock = clock
    this.#spawn = spawn
  }

  add(run: number, instance: string): void {
    this.#waiting.set(run, instance)
    this.#work()
  }

  /** Takes a spawn back that has not begun; false when it has. */
  remove(run: number): boolean {
    return this.#waiting.delete(run)
  }

  #work(): void {
    for (const [run, instance] of this.#waiting) {
      if (this.#spentMs >= turnBudgetMs) break
      this.#waiting.delete(run)
      const begin = this.#clock.now().monoMs
      this.#spawn(run, instance)
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
