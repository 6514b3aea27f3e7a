import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify'
import type { AccessSpec } from '../../plan/plan.ts'
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
import { type Door, letIn } from '../let-in.ts'
import { accessOf, type Client, describeClient, describeRefusal } from './access.ts'
import { mostBytes } from './names.ts'
import { describeApi } from './openapi.ts'
import type { Asked, Operation } from './operation.ts'
import { type ControlSource, operationsOf } from './operations.ts'
import type { Remote, RemoteOptions } from './remote.ts'
import { Waiters } from './until.ts'

export interface ControlOptions extends Omit<ControlSource, 'waiters'> {
  /** As it is now. */
  readonly access: () => AccessSpec
  /** Hears of an error that nobody expected. */
  readonly report: (error: unknown) => void
}

/** Who is at the other end of connections, and what is told of them. */
export interface ControlClients {
  readonly peers: Peers
  readonly note: RemoteOptions['note']
}

/** What answers commands. It listens nowhere itself. */
export interface ControlServer {
  /** Has clients come in from a UNIX socket that listens. */
  letIn(fd: number): Promise<Door>
  /** Asks this of those that come over TCP, from now on. */
  ask(http: ControlHttp): Promise<void>
  /** Has clients come in from a TCP socket that listens; not before it is known what to {@link ask}. */
  letInRemote(fd: number): Promise<Door>
  /** Who is in, `local` or over TCP, goes after its answer, within 10 s. */
  retire(from: 'local' | 'remote'): void
}

/** Loaded after the first spawns. */
export async function createControl(
  { peers, note }: ControlClients,
  options: ControlOptions,
): Promise<ControlServer> {
  // Asked for when a client connects, and once: its pid may be another process later.
  const known = new WeakMap<object, Client | undefined>()
  const app = createControlApp(options, (socket) => known.get(socket))
  await app.ready()
  const { clock } = options
  const { server } = app
  const connections = new Connections(clock, mostConnections, longestMs)
  server.prependListener('request', (request, response) => {
    connections.mayAnswer(request.socket, response)
  })
  const take = (socket: Socket) => {
    known.set(socket, peers.of(fdOf(socket)))
    connections.add(socket)
    server.emit('connection', socket)
  }
  let remote: Remote | null = null
  return {
    letIn: (fd) => letIn(fd, { take, connections }),
    async ask(http) {
      remote ??= (await import('./remote.ts')).createRemote({
        ...{ clock, note },
        answer: (request, response) => app.routing(request, response),
        admit: (socket, holder) => known.set(socket, holder),
      })
      await remote.ask(http)
    },
    async letInRemote(fd) {
      if (remote === null) throw new Error('nobody said what to ask')
      return letIn(fd, remote)
    },
    retire: (from) => (from === 'local' ? connections.retire() : remote?.retire()),
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
    bodyLimit: mostBytes,
    // Clients are few and local; times are bounded by the number of connections.
    ...{ requestTimeout: 0, connectionTimeout: 0 },
    http: { maxHeaderSize: mostBytes, connectionsCheckingInterval: 2 ** 31 - 1 },
    frameworkErrors: (error, _request, reply) => {
      sendProblem(reply, 'INVALID_REQUEST', error.message)
    },
  })
  // fastify takes 0 for not given, and would promise clients more time than they have.
  app.server.keepAliveTimeout = 0
  app.setValidatorCompiler(({ schema, httpPart }) => (value) => {
    const problem = findProblem(schema as never, value, partNames[httpPart ?? ''] ?? 'request')
    return problem === null ? { value } : { error: new RequestProblem('INVALID_REQUEST', problem) }
  })
  app.setSerializerCompiler(() => (value) => JSON.stringify(value))
  app.setErrorHandler((error: Error & { statusCode?: number; code?: string }, _request, reply) => {
    if (error instanceof RequestProblem) return sendProblem(reply, error.code, error.message)
    if (error.statusCode === 415) {
      return sendProblem(reply, 'INVALID_REQUEST', 'a body has to be application/json')
    }
    if (error.statusCode !== undefined && error.statusCode < 500) {
      return sendProblem(reply, 'INVALID_REQUEST', error.message)
    }
    report(error)
    return sendProblem(reply, 'INTERNAL', 'a mistake in Ringmaster: its log says more')
  })
  app.addHook('onRequest', async (request) => {
    const client = clientOf(request.raw.socket)
    const may = accessOf(client, access())
    const isReading = request.method === 'GET' || request.method === 'HEAD'
    if (may === 'control' || (may === 'read' && isReading)) return
    throw new RequestProblem('NO_ACCESS', describeRefusal(client, may))
  })
  const operations = operationsOf({ ...options, waiters: new Waiters(options) })
  for (const one of operations) addOperation(app, one, ({ raw }) => clientOf(raw.socket), access)
  app.get(apiPath, () => describeApi(operations, options.version))
  const known: readonly Route[] = [...operations, { method: 'GET', path: apiPath }]
  app.setNotFoundHandler(({ method, url }, reply) => {
    const allowed = methodsOf(url.split('?', 1)[0] ?? '', known)
    if (allowed.length === 0) {
      return sendProblem(reply, 'NO_SUCH_RESOURCE', `there is no ${method} ${url}`)
    }
    const allow = allowed.join(', ')
    void reply.header('allow', allow)
    return sendProblem(reply, 'NO_SUCH_METHOD', `there is no ${method} of ${url}, but ${allow}`)
  })
  return app
}

const apiPath = '/v1/openapi.json'

type Route = Pick<Operation, 'method' | 'path'>

function methodsOf(url: string, routes: readonly Route[]): readonly string[] {
  const here = routes.filter(({ path }) =>
    new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`).test(url),
  )
  // fastify answers HEAD where it answers GET.
  return here.flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method]))
}

const partNames: Readonly<Record<string, string>> = { body: 'body', querystring: 'query' }
/** The endpoint has its own, and processes need most. */
const mostConnections = 64
/** From a connection to the head of its request, and from an answer to the next request. */
const longestMs = { reading: 10_000, idle: 30_000, answering: Number.POSITIVE_INFINITY }

function addOperation(
  app: FastifyInstance,
  { method, path, query, body, contentType, handle }: Operation,
  clientOf: (request: FastifyRequest) => Client | undefined,
  access: ControlOptions['access'],
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
        access: accessOf(client, access()) === 'control' ? 'control' : 'read',
        signal: gone.signal,
      }
      const result = await handle(asked)
      if (contentType !== undefined) void reply.type(contentType)
      return reply.header('cache-control', 'no-store').send(result)
    },
  })
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
