import { RequestProblem } from '../../wire/problems.ts'
import type { ControlSource } from './operations.ts'

/** Has requests wait for what happens, a bounded number of them. */
export class Waiters {
  readonly #source: Pick<ControlSource, 'history' | 'clock'>
  #waiting = 0

  constructor(source: Pick<ControlSource, 'history' | 'clock'>) {
    this.#source = source
  }

  /**
   * What `look` returns, as soon as that is not undefined; undefined when `timeoutMs` (null: none) is over or the client has gone.
   * Rejects with what `look` throws, and with `TOO_MANY`.
   */
  async until<T>(
    look: () => T | undefined,
    signal: AbortSignal,
    timeoutMs: number | null = null,
  ): Promise<T | undefined> {
    const first = look()
    if (first !== undefined || timeoutMs === 0) return first
    if (this.#waiting >= mostWaiting) throw new RequestProblem('TOO_MANY', 'too many wait already')
    this.#waiting += 1
    const { clock, history } = this.#source
    let [cancel, forget] = [() => {}, () => {}]
    try {
      return await new Promise((resolve, reject) => {
        const atMs = clock.now().monoMs + (timeoutMs ?? 0)
        if (timeoutMs !== null) cancel = clock.at(atMs, () => resolve(undefined))
        signal.addEventListener('abort', () => resolve(undefined))
        forget = history.follow(async () => {
          const beginMs = clock.now().monoMs
          try {
            const seen = look()
            if (seen !== undefined) resolve(seen)
          } catch (error) {
            reject(error)
          }
          const restMs = (clock.now().monoMs - beginMs) * restOfLook
          // What happens meanwhile is seen by the next look.
          if (restMs > 0) await new Promise<void>((over) => clock.at(beginMs + restMs, over))
        })
      })
    } finally {
      this.#waiting -= 1
      cancel()
      forget()
    }
  }
}

/** A look at a thousand instances takes half a millisecond, and while they are started each turn of the event loop brings news. */
const restOfLook = 50
/** Each is told of all that happens. */
const mostWaiting = 64
