import type { Clock } from '../ports/clock.ts'

/** Commands of probes block the event loop for some ms each, and many may be due together. */
const turnBudgetMs = 8
/** What comes later than this was held up, with all else. */
const lateMs = 20

/** What is due at a time: at most one thing a key, and one OS timer for the earliest of all. */
export class Deadlines {
  readonly #clock: Clock
  readonly #byKey = new Map<string, Deadline>()
  /** A binary heap, the earliest first: hundreds of probes set theirs many times a second. */
  readonly #heap: Deadline[] = []
  #timer: Timer | null = null
  #isFiring = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Sets or replaces what is due for `key`. */
  set(key: string, atMonoMs: number, onDue: () => void): void {
    this.#remove(key)
    const deadline = { key, atMonoMs, onDue, place: this.#heap.length }
    this.#byKey.set(key, deadline)
    this.#heap.push(deadline)
    this.#rise(deadline)
    this.#arm()
  }

  clear(key: string): void {
    this.#remove(key)
    this.#arm()
  }

  #arm(): void {
    if (this.#isFiring) return
    const earliest = this.#heap[0]?.atMonoMs
    if (this.#timer?.atMonoMs === earliest) return
    this.#timer?.cancel()
    this.#timer = earliest === undefined ? null : this.#wait(earliest)
  }

  /** After the time that Ringmaster itself was suspended, or had no CPU, there may be an answer that came in time: it is looked for first. */
  #wait(atMonoMs: number): Timer {
    let isOff = false
    const fire = () => {
      if (!isOff) this.#fire()
    }
    const stop = this.#clock.at(atMonoMs, () => {
      const isLate = this.#clock.now().monoMs - atMonoMs > lateMs
      // What is read first may lead to what is read next.
      if (isLate) this.#clock.afterPoll(() => this.#clock.afterPoll(fire))
      else fire()
    })
    return {
      atMonoMs,
      cancel() {
        isOff = true
        stop()
      },
    }
  }

  /** What is due now, while this turn of the event loop has time for it. */
  #fire(): void {
    this.#timer = null
    this.#isFiring = true
    const { monoMs } = this.#clock.now()
    try {
      for (let first = this.#heap[0]; first && first.atMonoMs <= monoMs; first = this.#heap[0]) {
        this.#remove(first.key)
        first.onDue()
        if (this.#clock.now().monoMs - monoMs >= turnBudgetMs) break
      }
    } finally {
      this.#isFiring = false
      this.#arm()
    }
  }

  #remove(key: string): void {
    const deadline = this.#byKey.get(key)
    if (deadline === undefined) return
    this.#byKey.delete(key)
    const last = this.#heap.pop()
    if (last === undefined || last === deadline) return
    this.#put(last, deadline.place)
    this.#rise(last)
    this.#sink(last)
  }

  #rise(deadline: Deadline): void {
    for (let { place } = deadline; place > 0; ) {
      const above = (place - 1) >> 1
      const parent = this.#heap[above]
      if (parent === undefined || parent.atMonoMs <= deadline.atMonoMs) return
      this.#put(parent, place)
      this.#put(deadline, above)
      place = above
    }
  }

  #sink(deadline: Deadline): void {
    for (;;) {
      const { place } = deadline
      const [left, right] = [this.#heap[2 * place + 1], this.#heap[2 * place + 2]]
      const child = right && left && right.atMonoMs < left.atMonoMs ? right : left
      if (child === undefined || child.atMonoMs >= deadline.atMonoMs) return
      this.#put(deadline, child.place)
      this.#put(child, place)
    }
  }

  #put(deadline: Deadline, place: number): void {
    this.#heap[place] = deadline
    deadline.place = place
  }
}

interface Timer {
  readonly atMonoMs: number
  readonly cancel: () => void
}

interface Deadline {
  readonly key: string
  readonly atMonoMs: number
  readonly onDue: () => void
  place: number
}
