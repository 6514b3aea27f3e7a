import type { Fact } from '../core/events.ts'
import type { Sockets } from '../ports/sockets.ts'

/** Watches the sockets of processes that wait for a connection, and tells of the first one. */
export class Connections {
  readonly #sockets: Sockets
  readonly #post: (fact: Fact) => void
  /** What calls the watch of a process off. */
  readonly #watches = new Map<string, () => void>()

  constructor(sockets: Sockets, post: (fact: Fact) => void) {
    this.#sockets = sockets
    this.#post = post
  }

  watch(process: string, sockets: readonly string[]): void {
    const cancel = this.#sockets.watch(sockets, () => {
      this.#watches.delete(process)
      this.#post({ type: 'connected', process })
    })
    this.#watches.set(process, cancel)
  }

  unwatch(process: string): void {
    this.#watches.get(process)?.()
    this.#watches.delete(process)
  }
}
