import type { DeadlineKey } from '../core/messages.ts'
import type { Clock } from '../ports/clock.ts'

/** The deadlines that the core asked for: at most one a key, and one OS timer for the earliest of all. */
export class Deadlines {
  readonly #clock: Clock
  readonly #onDue: (key: DeadlineKey) => void
  readonly #times = new Map<DeadlineKey, number>()
  #timer: { readonly atMonoMs: number; readonly cancel: () => void } | null = null

  constructor(clock: Clock, onDue: (key: DeadlineKey) => void) {
    this.#clock = clock
    this.#onDue = onDue
  }

  /** Sets or replaces the deadline of `key`; null removes it. */
  set(key: DeadlineKey, atMonoMs: number | null): void {
    if (atMonoMs === null) this.#times.delete(key)
    else this.#times.set(key, atMonoMs)
    this.#arm()
  }

  #arm(): void {
    const earliest = Math.min(...this.#times.values())
    if (this.#timer?.atMonoMs === earliest) return
    this.#timer?.cancel()
    this.#timer = Number.isFinite(earliest)
      ? { atMonoMs: earliest, cancel: this.#clock.at(earliest, () => this.#fire()) }
      : null
  }

  #fire(): void {
    this.#timer = null
    const { monoMs } = this.#clock.now()
    for (const [key, atMonoMs] of this.#times) {
      // What one deadline leads to may have moved or removed the next.
      if (atMonoMs > monoMs) continue
      this.#times.delete(key)
      this.#onDue(key)
    }
    this.#arm()
  }
}
