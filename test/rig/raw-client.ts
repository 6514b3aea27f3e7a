import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Test } from 'tap'
import { until } from './wait.ts'

/** A client that sends what no library would. */
export class RawClient {
  /** What came. */
  text = ''
  isClosed = false
  readonly socket: Socket

  private constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    this.socket.setEncoding('latin1')
    this.socket.on('data', (text: string) => {
      this.text += text
    })
    this.socket.on('end', () => this.socket.end())
    this.socket.on('close', () => {
      this.isClosed = true
    })
    // ECONNRESET and EPIPE: it was closed while more came.
    this.socket.on('error', () => {})
  }

  static async connect(t: Pick<Test, 'teardown'>, port: number): Promise<RawClient> {
    const client = new RawClient(port)
    t.teardown(() => client.socket.destroy())
    await once(client.socket, 'connect')
    return client
  }

  send(text: string | Buffer): this {
    this.socket.write(text)
    return this
  }

  /** Waits until `text` has come so often. */
  async receive(text: string, times = 1): Promise<void> {
    await until(
      () => this.text.split(text).length > times,
      () => `not ${times} times "${text}" in ${JSON.stringify(this.text)}`,
    )
  }

  /** Waits for its end. */
  async closed(): Promise<void> {
    await until(
      () => this.isClosed,
      () => `open, after ${JSON.stringify(this.text)}`,
    )
  }
}
