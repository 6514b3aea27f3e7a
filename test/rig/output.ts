import type { Readable } from 'node:stream'

/** Collects what a process writes. */
export class Output {
  readonly #chunks: Buffer[] = []
  /** Complete lines that `take` has not given out yet. */
  readonly #lines: string[] = []
  #unfinished = ''

  constructor(stream: Readable) {
    stream.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk)
      const lines = (this.#unfinished + chunk.toString()).split('\n')
      this.#unfinished = lines.pop() ?? ''
      this.#lines.push(...lines.map((line) => line.replace(/\r+$/, '')))
    })
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks)
  }

  get text(): string {
    return this.bytes.toString()
  }

  /** The first line that `pattern` matches and that was not given out before. */
  take(pattern: RegExp): RegExpExecArray | undefined {
    for (const [i, line] of this.#lines.entries()) {
      const match = pattern.exec(line)
      if (match === null) continue
      this.#lines.splice(i, 1)
      return match
    }
    return undefined
  }
}
