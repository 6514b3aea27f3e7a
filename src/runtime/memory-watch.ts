import type { Fact } from '../core/events.ts'
import type { Clock } from '../ports/clock.ts'
import type { MemorySource } from '../ports/memory.ts'
import type { Deadlines } from './deadlines.ts'

/** From one look to the next. */
const periodMs = 5000
/** Less than a spawn blocks the event loop. */
const sliceMs = 3
/** No key of the core, and none of a probe. */
const key = 'memory'

export interface MemoryWatchPorts {
  readonly memory: MemorySource
  readonly post: (fact: Fact) => void
  readonly report: (error: unknown) => void
}

type Look = ReturnType<MemorySource['look']>

interface Watched {
  readonly pid: number
  readonly limitBytes: number
  /** At the last look. */
  wasOver: boolean
}

/** Looks, while runs with a memory limit live, how much they have; posts the second look in a row at which one is over it, and then no more. */
export class MemoryWatch {
  readonly #clock: Clock
  readonly #deadlines: Deadlines
  readonly #ports: MemoryWatchPorts
  readonly #watched = new Map<number, Watched>()
  #state: 'idle' | 'waiting' | 'looking' = 'idle'

  constructor(clock: Clock, deadlines: Deadlines, ports: MemoryWatchPorts) {
    this.#clock = clock
    this.#deadlines = deadlines
    this.#ports = ports
  }

  watch(run: number, pid: number, limitBytes: number): void {
    this.#watched.set(run, { pid, limitBytes, wasOver: false })
    if (this.#state === 'idle') this.#wait()
  }

  forget(run: number): void {
    this.#watched.delete(run)
    if (this.#state === 'waiting' && this.#watched.size === 0) {
      this.#deadlines.clear(key)
      this.#state = 'idle'
    }
  }

  #wait(): void {
    this.#state = this.#watched.size === 0 ? 'idle' : 'waiting'
    if (this.#state === 'idle') return
    this.#deadlines.set(key, this.#clock.now().monoMs + periodMs, () => this.#look())
  }

  #look(): void {
    this.#state = 'looking'
    const seen = new Map(this.#watched)
    const limits = [...seen.values()].map(({ pid, limitBytes }) => [pid, limitBytes] as const)
    let look: Look | undefined
    const goOn = () => {
      try {
        look ??= this.#ports.memory.look(new Map(limits))
        const above = this.#advance(look)
        if (above === null) return this.#clock.afterPoll(goOn)
        for (const [run, one] of seen) this.#judge(run, one, above.get(one.pid) ?? 0)
      } catch (error) {
        this.#ports.report(error)
      }
      this.#wait()
    }
    goOn()
  }

  /** A slice of the look; its result when that was the last one. */
  #advance(look: Look): ReadonlyMap<number, number> | null {
    const endMonoMs = this.#clock.now().monoMs + sliceMs
    do {
      const { done, value } = look.next()
      if (done) return value
    } while (this.#clock.now().monoMs < endMonoMs)
    return null
  }

  #judge(run: number, one: Watched, bytes: number): void {
    // It may have ended during the look.
    if (this.#watched.get(run) !== one) return
    const isOver = bytes > one.limitBytes
    if (isOver && one.wasOver) {
      this.#watched.delete(run)
      this.#ports.post({ type: 'overMemoryLimit', run, bytes })
    }
    one.wasOver = isOver
  }
}
