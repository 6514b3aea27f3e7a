import { closeSync, readSync } from 'node:fs'
import { constants } from 'node:os'
import { getSystemErrorName } from 'node:util'
import type { Tcp, TcpConnection, TcpListener } from '../ports/tcp.ts'
import { native } from './native.ts'
import { readiness } from './readiness.ts'

/** Not by node:net: one of its sockets takes more time, and ten times the memory, than all else that a probe does. Does not keep the event loop alive. */
export const tcp: Tcp = {
  connect: (host, port, listener) => new Connection(native().connectTcp(host, port), listener),
}

/** Reads come one after the other, so one buffer serves all. */
const space = /* @__PURE__ */ Buffer.allocUnsafeSlow(16_384)

class Connection implements TcpConnection {
  readonly #fd: number
  readonly #listener: TcpListener
  #isOver = false
  #isConnected = false
  #unsent: Uint8Array | null = null
  readonly #look = () => {
    if (!this.#isConnected) this.#finishConnecting()
    else if (this.#unsent) this.send(this.#unsent)
    else this.#read()
  }

  constructor(fd: number, listener: TcpListener) {
    this.#fd = fd
    this.#listener = listener
    if (fd >= 0) this.#awaitRoom()
    else queueMicrotask(() => this.#end(fd))
  }

  send(bytes: Uint8Array): void {
    if (this.#isOver) return
    const sent = native().send(this.#fd, bytes)
    if (sent === bytes.length) {
      this.#unsent = null
      this.#awaitAnswer()
    } else if (sent >= 0 || sent === -EAGAIN) {
      this.#unsent = bytes.subarray(Math.max(0, sent))
      this.#awaitRoom()
    } else {
      this.#end(sent)
    }
  }

  close(): void {
    if (this.#isOver) return
    this.#isOver = true
    if (this.#fd < 0) return
    readiness.forget(this.#fd)
    closeSync(this.#fd)
  }

  #finishConnecting(): void {
    const result = native().connectedTcp(this.#fd)
    if (result === 0) {
      this.#isConnected = true
      this.#listener.open()
    } else if (result === -EAGAIN) {
      this.#awaitRoom()
    } else {
      this.#end(result)
    }
  }

  #read(): void {
    const length = this.#receive()
    if (length > 0) this.#listener.data(space.toString('latin1', 0, length))
    if (length <= 0 && length !== -EAGAIN) this.#end(length)
    else if (!this.#isOver) this.#awaitAnswer()
  }

  /** Bytes read; 0 at the end, else a negative errno. */
  #receive(): number {
    try {
      return readSync(this.#fd, space)
    } catch (error) {
      const { errno } = error as NodeJS.ErrnoException
      if (errno === undefined) throw error
      return errno
    }
  }

  #end(failure: number): void {
    if (this.#isOver) return
    this.close()
    this.#listener.end(failure < 0 ? getSystemErrorName(failure) : null)
  }

  #awaitRoom(): void {
    readiness.onceWritable(this.#fd, this.#look)
  }

  #awaitAnswer(): void {
    readiness.onceReadable(this.#fd, this.#look)
  }
}

const { EAGAIN } = constants.errno
