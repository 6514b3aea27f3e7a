import type { Clock } from '../ports/clock.ts'

/** Does something for runs, in order of arrival: at once while this turn of the event loop has time for it, and the rest after the loop has looked for input. */
export class Lane<Item> {
  readonly #clock: Clock
  /** How much of one turn may go into it, in ms; what has begun is done. */
  readonly #turnMs: number
  readonly #work: (item: Item) => void
  readonly #mayWork: () => boolean
  readonly #waiting = new Map<number, Item>()
  #spentMs = 0
  #isScheduled = false

  /** `work` never throws. While it may not work, all waits. */
  constructor(clock: Clock, turnMs: number, work: (item: Item) => void, mayWork = () => true) {
    this.#clock = clock
    this.#turnMs = turnMs
    this.#work = work
    this.#mayWork = mayWork
  }

  add(run: number, item: Item): void {
    this.#waiting.set(run, item)
    this.#goOn()
  }

  /** Takes back what has not begun; false when it has. */
  remove(run: number): boolean {
    return this.#waiting.delete(run)
  }

  /** Changes what has not begun. */
  amend(run: number, change: (item: Item) => Item): void {
    const item = this.#waiting.get(run)
    if (item !== undefined) this.#waiting.set(run, change(item))
  }

  get isEmpty(): boolean {
    return this.#waiting.size === 0
  }

  /** Does all that waits, however long that takes. */
  finish(): void {
    for (const [run, item] of this.#waiting) {
      this.#waiting.delete(run)
      this.#work(item)
    }
  }

  #goOn(): void {
    for (const [run, item] of this.#waiting) {
      if (this.#spentMs >= this.#turnMs || !this.#mayWork()) break
      this.#waiting.delete(run)
      const begin = this.#clock.now().monoMs
      this.#work(item)
      this.#spentMs += this.#clock.now().monoMs - begin
    }
    if (this.#isScheduled) return
    this.#isScheduled = true
    this.#clock.afterPoll(() => {
      this.#isScheduled = false
      this.#spentMs = 0
      if (this.#waiting.size > 0) this.#goOn()
    })
  }
}
