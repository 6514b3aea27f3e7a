import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { View } from '../core/view.ts'
import { type Answer, answerLivez, answerReadyz, answerStartupz } from './probes.ts'

export interface RouteOptions {
  /** What is known now; no request has anything checked. */
  readonly view: () => View
  readonly metrics: { text(): Promise<string>; readonly contentType: string }
}

/** `/livez`, `/healthz`, `/readyz`, `/startupz` and `/metrics`: GET and HEAD, whatever the body. */
export function addRoutes(app: FastifyInstance, { view, metrics }: RouteOptions): void {
  const probe = (path: string, answer: (isVerbose: boolean) => Answer) =>
    app.get(path, (request, reply) => {
      const { isOk, text } = answer(isVerbose(request))
      return reply.code(isOk ? 200 : 503).send(text)
    })
  refuseOtherMethods(app)
  probe('/livez', answerLivez)
  probe('/healthz', answerLivez)
  probe('/readyz', (verbose) => answerReadyz(view(), verbose))
  probe('/startupz', (verbose) => answerStartupz(view(), verbose))
  app.get('/metrics', async (_request, reply) => {
    const text = await metrics.text()
    return reply.type(metrics.contentType).send(text)
  })
  app.setNotFoundHandler((_request, reply) => reply.code(404).send('not found\n'))
}

function isVerbose({ query }: FastifyRequest): boolean {
  return typeof query === 'object' && query !== null && 'verbose' in query
}

/** Before anything looks at a body. */
function refuseOtherMethods(app: FastifyInstance): void {
  app.addHook('onRequest', (request: FastifyRequest, reply: FastifyReply, done: () => void) => {
    const path = request.url.split('?', 1)[0] ?? ''
    if (isRead(request.method)) done()
    else if (app.hasRoute({ method: 'GET', url: path })) {
      void reply.code(405).header('allow', 'GET, HEAD').send('only GET and HEAD\n')
    } else void reply.code(404).send('not found\n')
  })
}

function isRead(method: string): boolean {
  return method === 'GET' || method === 'HEAD'
}
