import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Clock } from '../ports/clock.ts'
import { Connections } from './connections.ts'
import { type Door, letIn } from './let-in.ts'

/** A server that takes requests before there is anybody to answer. */
export interface Front {
  readonly server: Server
  /** Has clients come in from a listening socket, too. */
  letIn(fd: number): Promise<Door>
  /** Who is in goes after its answer. */
  retire(): void
  /** `handler` answers from now on, first the requests that wait. */
  takeOver(handler: RequestHandler): void
}

export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void

/**
 * Has clients speak, within limits that hold for whoever answers. Until {@link Front.takeOver}, at most 100 requests wait, each
 * for at most 1 s; others get 503.
 */
export async function createFront(options: FrontOptions): Promise<Front> {
  // A bundle makes this a require(). As an ES module, node:http has Node.js 22 and newer look at its every export, and one of
  // them loads undici, which takes 20 ms.
  const { createServer } = await import('node:http')
  const { clock, mostConnections } = options
  const connections = new Connections(clock, mostConnections)
  const room = createWaitingRoom(clock)
  const server = createServer({
    maxHeaderSize: mostHeaderBytes,
    // What follows is for `connections` to do.
    ...{ headersTimeout: 0, requestTimeout: 0, keepAliveTimeout: 0 },
    connectionsCheckingInterval: 2 ** 31 - 1,
  })
  const enter: RequestHandler = (request, response) => {
    // Nobody reads a body; what follows it on the connection might be part of it.
    if (hasBody(request)) response.setHeader('connection', 'close')
    if (connections.mayAnswer(request.socket, response)) room.enter(request, response)
  }
  server.on('connection', (socket) => connections.add(socket))
  server.on('request', enter)
  // It waits for our leave to send a body: it gets the answer instead.
  server.on('checkContinue', enter)
  server.on('clientError', refuseMalformed)
  const take = (socket: Socket) => void server.emit('connection', socket)
  return {
    server,
    letIn: (fd) => letIn(fd, { take, connections }),
    retire: () => connections.retire(),
    takeOver: room.takeOver,
  }
}

export interface FrontOptions {
  readonly clock: Clock
  /** How many connections there may be at once. */
  readonly mostConnections: number
}

const mostHeaderBytes = 8192
const mostWaiting = 100
const longestWaitMs = 1000

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

function hasBody({ headers }: IncomingMessage): boolean {
  const { 'content-length': length, 'transfer-encoding': encoding } = headers
  return encoding !== undefined || (length !== undefined && length !== '0')
}

/** What follows on such a connection is no request either. */
function refuseMalformed(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  const status =
    error.code === 'HPE_HEADER_OVERFLOW' ? '431 Request Header Fields Too Large' : '400 Bad Request'
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () =>
    socket.destroy(),
  )
}

function turnAway(response: ServerResponse): void {
  response.writeHead(503, { 'content-type': 'text/plain; charset=utf-8', 'retry-after': '1' })
  response.end('ringmaster is starting\n')
}
