import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { LogLevel } from '../../plan/plan.ts'
import type { Clock } from '../../ports/clock.ts'
import type { ControlHttp, TlsFiles } from '../../ports/control-http.ts'
import { type Problem, type ProblemCode, problemStatus } from '../../wire/problems.ts'
import { Connections } from '../connections.ts'
import type { RequestHandler } from '../front.ts'
import type { Host } from '../let-in.ts'
import type { TokenHolder } from './access.ts'
import { createForeignCheck } from './foreign.ts'
import { mostBytes } from './names.ts'
import { createTokenCheck } from './token.ts'

export interface RemoteOptions {
  readonly clock: Clock
  readonly note: (level: LogLevel, message: string) => void
  /** Carries out what is asked by who is known. */
  readonly answer: RequestHandler
  /** Hears who is at the other end of a connection. */
  readonly admit: (socket: Socket, holder: TokenHolder) => void
}

/** Clients over TCP. */
export interface Remote extends Host {
  /** What is asked of clients from now on; first of all before one comes in. */
  ask(http: ControlHttp): Promise<void>
  /** Who is in goes after its answer, or its next one. */
  retire(): void
}

/**
 * Answers clients that know the token, over TCP. Who does not can neither keep those out who do, nor end their connections: each
 * has room of its own, and the right token is taken at any time. A wrong one is answered after a while and ends its connection.
 */
export function createRemote(options: RemoteOptions): Remote {
  const { clock, answer, admit } = options
  const strangers = new Strangers(clock)
  const guests = new Connections(clock, mostGuests, longestMs)
  const tell = createTally(options)
  const admitted = new WeakSet<Socket>()
  const refused = new WeakSet<Socket>()
  let delayed = 0
  let asked: Asked | undefined

  return {
    async ask(http) {
      const before = asked
      const { host, tls, token } = http
      asked = {
        ...{ tls, server: before?.server },
        isForeign: createForeignCheck(host, tls?.cert ?? null),
        check: createTokenCheck(token),
      }
      if (before?.server && isSame(before.tls, tls)) return
      asked.server = await createServer(tls, enter)
    },
    take(socket) {
      strangers.add(socket)
      asked?.server?.emit('connection', socket)
    },
    connections: strangers,
    retire() {
      strangers.retire()
      guests.retire()
    },
  }

  function enter(request: IncomingMessage, response: ServerResponse): void {
    const { socket, headers } = request
    // What follows a refusal on its connection is not looked at.
    if (refused.has(socket)) return void socket.destroy()
    const why = asked?.isForeign(headers)
    if (why !== undefined) return void refuse(socket, response, 'NO_ACCESS', why)
    switch (asked?.check(headers.authorization) ?? 'missing') {
      case 'right':
        take(request, response)
        break
      case 'missing':
        refuse(socket, response, 'NO_TOKEN', 'the request has no bearer token')
        break
      case 'wrong':
        delay(socket, response)
    }
  }

  function take(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request
    if (!admitted.has(socket)) {
      admitted.add(socket)
      guests.add(socket, strangers.release(socket))
      admit(socket, { address: socket.remoteAddress ?? 'nowhere' })
    }
    if (guests.mayAnswer(socket, response)) answer(request, response)
  }

  function delay(socket: Socket, response: ServerResponse): void {
    tell(socket.remoteAddress)
    if (delayed >= mostDelayed) return void socket.destroy()
    delayed += 1
    refused.add(socket)
    const cancel = clock.at(clock.now().monoMs + delayMs, () => {
      refuse(socket, response, 'NO_TOKEN', 'the bearer token is wrong')
    })
    response.once('close', () => {
      delayed -= 1
      cancel()
    })
  }

  function refuse(
    socket: Socket,
    response: ServerResponse,
    code: ProblemCode,
    detail: string,
  ): void {
    refused.add(socket)
    const status = problemStatus[code]
    const problem: Problem = { title: STATUS_CODES[status] ?? '', status, code, detail }
    response.writeHead(status, {
      ...{ 'content-type': 'application/problem+json', connection: 'close' },
      ...(status === 401 && { 'www-authenticate': 'Bearer' }),
    })
    response.end(JSON.stringify(problem))
  }
}

/** What is asked of clients. */
interface Asked {
  readonly tls: TlsFiles | null
  readonly isForeign: ReturnType<typeof createForeignCheck>
  readonly check: ReturnType<typeof createTokenCheck>
  /** Speaks TLS like that; undefined before there is one at all. */
  server: Server | undefined
}

/** Those who have not shown the token. */
const mostStrangers = 32
/** From the connection to the right token, or the end of a refusal. */
const strangerMs = 10_000
const mostGuests = 64
/** From an answer to the next request; who has shown the token may wait as long as it wants. */
const longestMs = { reading: 10_000, idle: 30_000, answering: Number.POSITIVE_INFINITY }
/** How long a wrong token waits for its answer, and how many do at once. */
const delayMs = 1000
const mostDelayed = 16
const tellEveryMs = 60_000

/** With TLS a connection is another object before its handshake than after it: they are known by where they come from. */
class Strangers {
  readonly #connections: Connections
  readonly #sockets = new Map<string, Socket>()

  constructor(clock: Clock) {
    const longest = { reading: strangerMs, idle: strangerMs, answering: strangerMs }
    this.#connections = new Connections(clock, mostStrangers, longest)
  }

  add(socket: Socket): void {
    const key = keyOf(socket)
    this.#sockets.set(key, socket)
    socket.once('close', () => this.#sockets.delete(key))
    this.#connections.add(socket)
  }

  release(socket: Socket): boolean {
    const stranger = this.#sockets.get(keyOf(socket))
    return stranger !== undefined && this.#connections.release(stranger)
  }

  endOldest(): void {
    this.#connections.endOldest()
  }

  retire(): void {
    this.#connections.retire()
  }
}

function keyOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`
}

function isSame(one: TlsFiles | null, other: TlsFiles | null): boolean {
  const names = ['cert', 'key', 'clientCa'] as const
  return names.every((name) => one?.[name] === other?.[name])
}

async function createServer(tls: TlsFiles | null, enter: RequestHandler): Promise<Server> {
  const common = {
    maxHeaderSize: mostBytes,
    // What follows is for `Connections` to do.
    ...{ headersTimeout: 0, requestTimeout: 0, keepAliveTimeout: 0 },
    connectionsCheckingInterval: 2 ** 31 - 1,
  }
  if (tls === null) return (await import('node:http')).createServer(common, enter)
  const { cert, key, clientCa } = tls
  const { createServer } = await import('node:https')
  const clients = clientCa !== null && { ca: clientCa, requestCert: true, rejectUnauthorized: true }
  return createServer({ ...{ ...common, cert, key }, ...clients }, enter)
}

/** Tells of wrong tokens, once a minute at most. */
function createTally({ clock, note }: RemoteOptions): (address: string | undefined) => void {
  let untold = 0
  let againMs = Number.NEGATIVE_INFINITY
  return (address = 'nowhere') => {
    untold += 1
    const nowMs = clock.now().monoMs
    if (nowMs < againMs) return
    const many = untold === 1 ? 'a wrong token' : `${untold} wrong tokens, the last`
    note('warn', `control over TCP: ${many} from ${address}`)
    untold = 0
    againMs = nowMs + tellEveryMs
  }
}
