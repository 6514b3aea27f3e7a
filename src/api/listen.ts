import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SupervisorError } from '../lib/errors.ts'
import type { Clock } from '../ports/clock.ts'

// Not imported: for an ES module Node.js 22 and newer look at every export of node:http, and one of them loads undici, which
// takes 20 ms before the first spawn.
const { createServer } = process.getBuiltinModule('node:http')

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

export interface ListenOptions {
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  readonly clock: Clock
}

/**
 * Listens at once. Until {@link Listening.takeOver}, at most 100 requests wait, each for at most 1 s; others get 503. `::` becomes
 * `0.0.0.0` on a machine without IPv6. Throws `START_REFUSED`.
 */
export async function listen({ host, port, clock }: ListenOptions): Promise<Listening> {
  const room = createWaitingRoom(clock)
  const server = createServer({ headersTimeout: 10_000, keepAliveTimeout: 30_000 }, room.enter)
  // A connection that sends nothing.
  server.timeout = 10_000
  server.maxConnections = 512
  const address = await bind(server, host, port)
  return { server, host: address.address, port: address.port, takeOver: room.takeOver }
}

const mostWaiting = 100
const longestWaitMs = 1000
/** socket(2), bind(2): IPv6 is not compiled in, or is switched off. */
const withoutIPv6: ReadonlySet<string | undefined> = new Set(['EAFNOSUPPORT', 'EADDRNOTAVAIL'])

async function bind(server: Server, host: string, port: number): Promise<AddressInfo> {
  try {
    return await tryToBind(server, host, port)
  } catch (error) {
    if (host === '::' && withoutIPv6.has(codeOf(error))) return bind(server, '0.0.0.0', port)
    throw refusal(host, port, error)
  }
}

function tryToBind(server: Server, host: string, port: number): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port }, () => {
      server.off('error', reject)
      const address = server.address()
      if (address === null || typeof address === 'string') throw new Error('no TCP address')
      resolve(address)
    })
  })
}

function refusal(host: string, port: number, cause: unknown): SupervisorError {
  const where = `${host.includes(':') ? `[${host}]` : host}:${port}`
  const code = codeOf(cause)
  const reason =
    code === 'EADDRINUSE'
      ? 'address in use'
      : code === 'EACCES'
        ? 'ports below 1024 need root'
        : (code ?? String(cause))
  return new SupervisorError(
    'START_REFUSED',
    `cannot listen on ${where}: ${reason}. Choose another "http.port" (0: any free one), or turn it off with "http: false"`,
    { cause },
  )
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined
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
