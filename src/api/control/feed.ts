import { Readable } from 'node:stream'

/** A response that goes on. What its client is too slow for is dropped, and counted. */
export class Feed extends Readable {
  readonly #describeDropped: (count: number) => string
  #dropped = 0

  /** `describeDropped` makes what the client is told of what was dropped. */
  constructor(describeDropped: (count: number) => string) {
    super({ highWaterMark: 16_384 })
    this.#describeDropped = describeDropped
  }

  /** False when it found no room. */
  offer(text: string): boolean {
    if (this.destroyed) return false
    if (this.readableLength > mostBytes) {
      this.#dropped += 1
      return false
    }
    if (this.#dropped > 0) {
      this.push(this.#describeDropped(this.#dropped))
      this.#dropped = 0
    }
    this.push(text)
    return true
  }

  /** Nothing more comes. */
  finish(): void {
    if (this.#dropped > 0) this.push(this.#describeDropped(this.#dropped))
    this.push(null)
  }

  override _read(): void {}
}

const mostBytes = 262_144
