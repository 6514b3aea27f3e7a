import { closeSync } from 'node:fs'
import { createFront, type Front, type FrontOptions } from '../api/front.ts'
import { createEndpointFile } from '../os/endpoint-file.ts'
import { bindTcp, listen, listenTcp, type TcpSocket } from '../os/tcp.ts'
import type { Plan } from '../plan/plan.ts'
import { Doors, tcp } from './doors.ts'
import type { Move } from './moves.ts'
import type { Note } from './notes.ts'

type Address = Plan['http']

export interface EndpointOptions extends FrontOptions {
  readonly note: Note
  /** Hears of a mistake in here. */
  readonly report: (error: unknown) => void
}

/** The probe endpoint. Where it listens may change; who answers is the same all the time. */
export class Endpoint {
  readonly #options: EndpointOptions
  readonly #doors: Doors<TcpSocket>
  readonly #file = createEndpointFile()
  #isOpen = false
  #address: Address = null
  #socket: TcpSocket | null = null
  #front: Promise<Front> | undefined
  #answer: ((front: Front) => Promise<unknown>) | undefined

  constructor(options: EndpointOptions) {
    this.#options = options
    const onLeave = () => void this.#front?.then((front) => front.retire())
    this.#doors = new Doors({ ...options, ...tcp, onLeave })
  }

  /** Descriptors that listen. */
  get fds(): readonly number[] {
    return this.#doors.sockets.map(({ fd }) => fd)
  }

  /** Takes its first address, so that nobody is refused from now on. Throws `START_REFUSED`. */
  async begin(address: Address): Promise<void> {
    if (address) this.#moveTo(address, await listenTcp(requestOf(address), mostWaiting, remedy))
  }

  /** Has clients speak, within limits; until there is somebody to {@link answer} they wait. */
  async open(): Promise<void> {
    this.#isOpen = true
    await this.#doors.open(async (fd) => (await this.#getFront()).letIn(fd))
  }

  /** There is somebody to answer now. */
  async answer(answer: (front: Front) => Promise<unknown>): Promise<void> {
    this.#answer = answer
    await this.#front?.then(answer)
  }

  /** Takes another address, beside the one that it has. Null when it is the same. Throws `START_REFUSED`. */
  async prepare(address: Address): Promise<Move | null> {
    const before = this.#address
    if (address?.host === before?.host && address?.port === before?.port) return null
    if (address === null) return { commit: () => this.#moveTo(null, null), discard() {} }
    const socket = await bindTcp(requestOf(address), remedy, this.#doors.sockets)
    return {
      commit: () => {
        listen(socket, mostWaiting, remedy, this.#doors.sockets)
        this.#moveTo(address, socket)
        this.tell()
      },
      discard: () => {
        if (!this.#doors.sockets.includes(socket)) closeSync(socket.fd)
      },
    }
  }

  /** Has people find it. */
  tell(): void {
    if (this.#socket) this.#options.note('info', `endpoints: ${urls(this.#socket)}`)
  }

  /** `ringmaster probe` finds it no more. */
  forget(): void {
    this.#file.remove()
  }

  #moveTo(address: Address, socket: TcpSocket | null): void {
    this.#address = address
    this.#socket = socket
    this.#doors.move(socket)
    if (this.#isOpen) this.open().catch(this.#options.report)
    this.#file.write(address && socket && { host: address.host, port: socket.port })
  }

  #getFront(): Promise<Front> {
    this.#front ??= this.#createFront()
    return this.#front
  }

  #createFront(): Promise<Front> {
    const front = createFront(this.#options)
    if (this.#answer) front.then(this.#answer).catch(this.#options.report)
    return front
  }
}

const remedy =
  'Choose another "http.port" (0: any free one) or host, or turn it off with "http: false"'
const mostWaiting = 511

function requestOf({ host, port }: NonNullable<Address>) {
  return { host, port, isBlocking: false, reusesPort: false }
}

function urls({ host, port }: TcpSocket): string {
  const name = host === '::' || host === '0.0.0.0' ? 'localhost' : host
  const base = `http://${describePort(name, port)}`
  return ['livez', 'readyz', 'metrics'].map((path) => `${base}/${path}`).join(' ')
}

/** `127.0.0.1:9099`, `[::]:9099`. */
export function describePort(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}
