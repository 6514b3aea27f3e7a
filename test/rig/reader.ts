import { execFileSync } from 'node:child_process'
import { closeSync, constants, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import type { Test } from 'tap'
import { folder } from './supervise.ts'
import { patienceMs, until } from './wait.ts'

/** Reads a FIFO only when it is told to: a reader that stalls, goes and comes back. */
export class Reader {
  readonly path: string
  /** What {@link read} has read so far, as latin1. */
  text = ''
  #fd: number | undefined
  readonly #buffer = Buffer.alloc(65_536)

  constructor(t: Pick<Test, 'teardown'>) {
    this.path = join(folder(t), 'fifo')
    execFileSync('mkfifo', [this.path])
    this.open()
    t.teardown(() => this.close())
  }

  /** What starts a command in its own place with its stdout led here; `more` leads others, such as `2>&1`. */
  by(more = ''): readonly string[] {
    return ['sh', '-c', `exec "$@" > ${this.path} ${more}`, 'sh']
  }

  open(): void {
    this.#fd ??= openSync(this.path, constants.O_RDONLY | constants.O_NONBLOCK)
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd)
    this.#fd = undefined
  }

  /** What is there now, at most 64 KiB, good until the next read; undefined: nothing. */
  readOnce(): Buffer | undefined {
    if (this.#fd === undefined) throw new Error('this reader is closed')
    try {
      const length = readSync(this.#fd, this.#buffer)
      return length > 0 ? this.#buffer.subarray(0, length) : undefined
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
      return undefined
    }
  }

  /** Hands over the next `size` bytes at least, as fast as they come. */
  async pass(size: number, take: (bytes: Buffer) => void): Promise<void> {
    const deadline = Date.now() + patienceMs
    for (let left = size; left > 0; ) {
      const bytes = this.readOnce()
      if (bytes !== undefined) {
        take(bytes)
        left -= bytes.length
      } else if (Date.now() > deadline) {
        throw new Error(`${left} of ${size} bytes have not come`)
      } else {
        await turn()
      }
    }
  }

  /** Adds what is there now, of at most 10 MB, to the text. */
  read(): void {
    for (let left = 160; left > 0; left--) {
      const bytes = this.readOnce()
      if (bytes === undefined) break
      this.text += bytes.toString('latin1')
    }
  }

  /** Reads on until `look` returns neither false nor undefined, and then what is there. */
  async readUntil<T>(look: () => T | undefined | false, wanted = `${look}`): Promise<T> {
    const seen = await until(
      () => {
        this.read()
        return look()
      },
      () => `no ${wanted} in:\n${this.text.slice(-3000)}`,
    )
    this.read()
    return seen
  }

  /** Reads on until `pattern` is in the text. */
  match(pattern: RegExp): Promise<RegExpExecArray> {
    return this.readUntil(() => pattern.exec(this.text) ?? undefined, `${pattern}`)
  }
}
