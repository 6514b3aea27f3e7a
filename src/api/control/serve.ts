import type { Server } from 'node:http'
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify'
import type { AccessSpec } from '../../plan/plan.ts'
import type { Clock } from '../../ports/clock.ts'
import type { ControlHttp } from '../../ports/control-http.ts'
import type { Peers } from '../../ports/peers.ts'
import { findProblem } from '../../wire/check.ts'
import {
  type Problem,
  type ProblemCode,
  problemStatus,
  RequestProblem,
} from '../../wire/problems.ts'
import { noCompilers } from '../compilers.ts'
import { Connections } from '../connections.ts'
import { letIn } from '../let-in.ts'
import { accessOf, type Client, describeClient, describeRefusal } from './access.ts'
import { describeApi } from './openapi.ts'
import type { Asked, Operation } from './operation.ts'
import { type ControlSource, operationsOf } from './operations.ts'
import type { RemoteOptions } from './remote.ts'
import { Waiters } from './until.ts'

export interface ControlOptions extends Omit<ControlSource, 'waiters'> {
  readonly access: AccessSpec
  /** Hears of an error that nobody expected. */
  readonly report: (error: unknown) => void
}

/** Where clients come from; null: not from there. */
export interface Entrances {
  /** A UNIX socket that listens. */
  readonly local: { readonly fd: number; readonly peers: Peers } | null
  readonly remote: ControlHttp | null
  readonly note: RemoteOptions['note']
}

/** Answers clients at sockets that listen already. Loaded after the first spawns. */
export async function serveControl(
  { local, remote, note }: Entrances,
  options: ControlOptions,
): Promise<void> {
  // Asked for when a client connects, and once: its pid may be another process later.
  const known = new WeakMap<object, Client | undefined>()
  const app = createControlApp(options, (socket) => known.get(socket))
  await app.ready()
  const { clock } = options
  if (local) {
    const { fd, peers } = local
    app.server.on('connection', (socket: Socket) => known.set(socket, peers.of(fdOf(socket))))
    await listen(app.server, fd, clock)
  }
  if (remote) {
    const { serveRemote } = await import('./remote.ts')
    await serveRemote(remote, {
      ...{ clock, note },
      answer: (request, response) => app.routing(request, response),
      admit: (socket, holder) => known.set(socket, holder),
    })
  }
}

/** All that is answered. `clientOf` tells who is at the other end of a connection. */
export function createControlApp(
  options: ControlOptions,
  clientOf: (socket: object) => Client | undefined,
): FastifyInstance {
  const { access, report } = options
  const app = fastify({
    schemaController: noCompilers,
    logger: false,
    bodyLimit: mostBodyBytes,
    // Clients are few and local; times are bounded by the number of connections.
    ...{ keepAliveTimeout: 0, requestTimeout: 0, connectionTimeout: 0 },
    http: { maxHeaderSize: 16_384, connectionsCheckingInterval: 2 ** 31 - 1 },
    frameworkErrors: (error, _request, reply) => {
      sendProblem(reply, 'INVALID_REQUEST', error.message)
    },
  })
  app.setValidatorCompiler(({ schema, httpPart }) => (value) => {
    const problem = findProblem(schema as never, value, httpPart ?? 'request')
    return problem === null ? { value } : { error: new RequestProblem('INVALID_REQUEST', problem) }
  })
  app.setSerializerCompiler(() => (value) => JSON.stringify(value))
  app.setErrorHandler((error: Error & { statusCode?: number; code?: string }, _request, reply) => {
    if (error instanceof RequestProblem) return sendProblem(reply, error.code, error.message)
    if (error.statusCode !== undefined && error.statusCode < 500) {
      return sendProblem(reply, 'INVALID_REQUEST', error.message)
    }
    report(error)
    return sendProblem(reply, 'INTERNAL', 'a mistake in Ringmaster: its log says more')
  })
  app.setNotFoundHandler((request, reply) =>
    sendProblem(reply, 'NO_SUCH_RESOURCE', `there is no ${request.method} ${request.url}`),
  )
  app.addHook('onRequest', async (request) => {
    const client = clientOf(request.raw.socket)
    const may = accessOf(client, access)
    const isReading = request.method === 'GET' || request.method === 'HEAD'
    if (may === 'control' || (may === 'read' && isReading)) return
    throw new RequestProblem('NO_ACCESS', describeRefusal(client, may))
  })
  const operations = operationsOf({ ...options, waiters: new Waiters(options) })
  for (const one of operations) addOperation(app, one, ({ raw }) => clientOf(raw.socket), access)
  app.get('/v1/openapi.json', () => describeApi(operations, options.version))
  return app
}

const mostBodyBytes = 65_536
/** The endpoint has its own, and processes need most. */
const mostConnections = 64
/** From a connection to the head of its request, and from an answer to the next request. */
const longestMs = { reading: 10_000, idle: 30_000, answering: Number.POSITIVE_INFINITY }

function addOperation(
  app: FastifyInstance,
  { method, path, query, body, contentType, handle }: Operation,
  clientOf: (request: FastifyRequest) => Client | undefined,
  access: AccessSpec,
): void {
  app.route({
    method,
    url: path.replace(/\{(\w+)\}/g, ':$1'),
    schema: { ...(query && { querystring: query }), ...(body && { body }) },
    async handler(request, reply) {
      const client = clientOf(request)
      const gone = new AbortController()
      reply.raw.once('close', () => gone.abort())
      const asked: Asked = {
        params: request.params as Asked['params'],
        query: request.query as never,
        body: request.body as never,
        headers: request.headers,
        by: describeClient(client),
        access: accessOf(client, access) === 'control' ? 'control' : 'read',
        signal: gone.signal,
      }
      const result = await handle(asked)
      if (contentType !== undefined) void reply.type(contentType)
      return reply.header('cache-control', 'no-store').send(result)
    },
  })
}

async function listen(server: Server, fd: number, clock: Clock): Promise<void> {
  const connections = new Connections(clock, mostConnections, longestMs)
  server.on('connection', (socket) => connections.add(socket))
  server.prependListener('request', (request, response) => {
    connections.mayAnswer(request.socket, response)
  })
  await letIn(server, fd, connections)
}

/** Node.js has no public way to the descriptor of a connection; libuv's own name for it has been the same since 2013. */
function fdOf(socket: Socket): number {
  const { _handle } = socket as unknown as { _handle?: { fd?: number } | null }
  return _handle?.fd ?? -1
}

function sendProblem(reply: FastifyReply, code: ProblemCode, detail: string): FastifyReply {
  const status = problemStatus[code]
  const problem: Problem = { title: STATUS_CODES[status] ?? '', status, code, detail }
  return reply.code(status).type('application/problem+json').send(problem)
}
