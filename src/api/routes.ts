import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { View } from '../core/view.ts'
import { type Answer, createAnswers } from './answers.ts'
import type { Probe } from './checks.ts'

export interface RouteOptions {
  /** What is known now; no request has anything checked. */
  readonly view: () => View
  readonly metrics: { text(): Promise<string>; readonly contentType: string }
  /** Hears of an error that nobody expected. */
  readonly report: (error: unknown) => void
}

/** `/livez`, `/healthz`, `/readyz`, `/startupz`, each also for one process, and `/metrics`: GET and HEAD, whatever the body. */
export function addRoutes(app: FastifyInstance, { view, metrics }: RouteOptions): void {
  const answerTo = createAnswers(view)
  refuseOtherMethods(app)
  for (const probe of probes) {
    const answer = (request: FastifyRequest, process?: string) =>
      answerTo({ probe, process, ...formOf(request) })
    app.get(`/${probe}`, (request, reply) => send(reply, answer(request)))
    app.get<{ Params: { name: string } }>(`/${probe}/:name`, (request, reply) =>
      send(reply, answer(request, request.params.name)),
    )
  }
  let scrapes = 0
  app.get('/metrics', async (_request, reply) => {
    if (scrapes >= mostScrapes) return reply.code(503).header('retry-after', '1').send('busy\n')
    scrapes += 1
    reply.raw.once('close', () => {
      scrapes -= 1
    })
    const text = await metrics.text()
    return reply.type(metrics.contentType).send(text)
  })
  app.setNotFoundHandler((_request, reply) => reply.code(404).send('not found\n'))
}

const probes: readonly Probe[] = ['livez', 'healthz', 'readyz', 'startupz']
const paths = new RegExp(`^/(?:(?:${probes.join('|')})(?:/[^/]*)?|metrics)$`)

/** All metrics can be megabytes, which are kept until the client has taken them. */
const mostScrapes = 8

function formOf({ query, headers }: FastifyRequest) {
  const { verbose, exclude = [] } = query as Record<string, string | string[] | undefined>
  return {
    isVerbose: verbose !== undefined,
    isJson: headers.accept?.includes('application/json') ?? false,
    excluded: typeof exclude === 'string' ? [exclude] : exclude,
  }
}

function send(reply: FastifyReply, { status, contentType, body }: Answer): FastifyReply {
  return reply
    .code(status)
    .header('content-type', contentType)
    .header('cache-control', 'no-store')
    .header('x-content-type-options', 'nosniff')
    .send(body)
}

/** Before anything looks at a body. */
function refuseOtherMethods(app: FastifyInstance): void {
  app.addHook('onRequest', (request: FastifyRequest, reply: FastifyReply, done: () => void) => {
    if (request.method === 'GET' || request.method === 'HEAD') done()
    else if (paths.test(request.url.split('?', 1)[0] ?? '')) {
      void reply.code(405).header('allow', 'GET, HEAD').send('only GET and HEAD\n')
    } else void reply.code(404).send('not found\n')
  })
}
