import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { getSystemErrorName } from 'node:util'
import { SupervisorError } from '../lib/errors.ts'
import type { Clock } from '../ports/clock.ts'

/** An address at which the kernel lets clients in; they wait there until {@link accept}. */
export interface Bound {
  /** The listening socket. */
  readonly fd: number
}

export interface BindOptions {
  /** A name or an address. */
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  /** The descriptor of a socket that listens at an address in digits, or a negative errno. */
  readonly listenTcp: (address: string, port: number) => number
}

/**
 * Takes the address at once, without node:http and node:net's own way to listen, which cost the first spawn 6 ms. `::` becomes
 * `0.0.0.0` on a machine without IPv6. Throws `START_REFUSED`.
 */
export async function bind({ host, port, listenTcp }: BindOptions): Promise<Bound> {
  const fd = listenTcp(host, port)
  if (fd >= 0) return { fd }
  const code = getSystemErrorName(fd)
  if (host === '::' && withoutIPv6.has(code)) return bind({ host: '0.0.0.0', port, listenTcp })
  if (code === 'EINVAL') {
    const address = await lookUp(host, port)
    if (address !== host) return bind({ host: address, port, listenTcp })
  }
  throw refusal(host, port, code)
}

/** A server that listens before there is anybody to answer. */
export interface Listening {
  readonly server: Server
  readonly host: string
  /** The real one, when 0 was asked for. */
  readonly port: number
  /** `handler` answers from now on, first the requests that wait. */
  takeOver(handler: RequestHandler): void
}

export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void

/** Lets clients speak. Until {@link Listening.takeOver}, at most 100 requests wait, each for at most 1 s; others get 503. */
export async function accept({ fd }: Bound, clock: Clock): Promise<Listening> {
  // A bundle makes this a require(). As an ES module, node:http has Node.js 22 and newer look at its every export, and one of
  // them loads undici, which takes 20 ms.
  const { createServer } = await import('node:http')
  const room = createWaitingRoom(clock)
  const server = createServer({ headersTimeout: 10_000, keepAliveTimeout: 30_000 }, room.enter)
  // A connection that sends nothing.
  server.timeout = 10_000
  server.maxConnections = 512
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ fd }, () => {
      server.off('error', reject)
      resolve()
    })
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no TCP address')
  return { server, host: address.address, port: address.port, takeOver: room.takeOver }
}

const mostWaiting = 100
const longestWaitMs = 1000
/** socket(2), bind(2): IPv6 is not compiled in, or is switched off. */
const withoutIPv6: ReadonlySet<string> = new Set(['EAFNOSUPPORT', 'EADDRNOTAVAIL'])

async function lookUp(host: string, port: number): Promise<string> {
  const { lookup } = await import('node:dns')
  return new Promise((resolve, reject) => {
    lookup(host, (error, address) => {
      if (error) reject(refusal(host, port, error.code ?? error.message))
      else resolve(address)
    })
  })
}

function refusal(host: string, port: number, code: string): SupervisorError {
  const where = `${host.includes(':') ? `[${host}]` : host}:${port}`
  const reason =
    code === 'EADDRINUSE'
      ? 'address in use'
      : code === 'EACCES'
        ? 'ports below 1024 need root'
        : code
  return new SupervisorError(
    'START_REFUSED',
    `cannot listen on ${where}: ${reason}. Choose another "http.port" (0: any free one), or turn it off with "http: false"`,
  )
}

interface WaitingRoom {
  readonly enter: RequestHandler
  takeOver(handler: RequestHandler): void
}

function createWaitingRoom(clock: Clock): WaitingRoom {
  /** Each with what ends its wait. */
  const waiting = new Map<ServerResponse, { request: IncomingMessage; cancel: () => void }>()
  let answer: RequestHandler = (request, response) => {
    if (waiting.size >= mostWaiting) {
      turnAway(response)
      return
    }
    const leave = () => {
      waiting.get(response)?.cancel()
      waiting.delete(response)
    }
    const cancel = clock.at(clock.now().monoMs + longestWaitMs, () => turnAway(response))
    waiting.set(response, { request, cancel })
    // Answered, turned away, or the client is gone.
    response.once('close', leave)
  }
  return {
    enter: (request, response) => answer(request, response),
    takeOver(handler) {
      answer = handler
      for (const [response, { request, cancel }] of waiting) {
        cancel()
        handler(request, response)
      }
      waiting.clear()
    },
  }
}

function turnAway(response: ServerResponse): void {
  response.writeHead(503, { 'content-type': 'text/plain; charset=utf-8', 'retry-after': '1' })
  response.end('ringmaster is starting\n')
}
