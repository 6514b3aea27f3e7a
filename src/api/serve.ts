import { type FastifyInstance, type FastifyServerOptions, fastify } from 'fastify'
import { noCompilers } from './compilers.ts'
import type { Front } from './front.ts'
import { addRoutes, type RouteOptions } from './routes.ts'

/** Has fastify answer on a server that takes requests already. Loaded after the first spawns: fastify is most of our weight. */
export async function serve(front: Front, options: RouteOptions): Promise<FastifyInstance> {
  const app = createApp(options, { serverFactory: () => front.server })
  await app.ready()
  front.takeOver((request, response) => app.routing(request, response))
  return app
}

/** All that is answered; what goes wrong in it is reported, and no client's business. */
export function createApp(
  options: RouteOptions,
  serverOptions: Pick<FastifyServerOptions, 'serverFactory'> = {},
): FastifyInstance {
  const app = fastify({
    schemaController: noCompilers,
    ...serverOptions,
    logger: false,
    // The server that is taken over has its own.
    clientErrorHandler: () => {},
    // A path that cannot be decoded, and the like.
    frameworkErrors: (_error, _request, reply) => void reply.callNotFound(),
  })
  app.setErrorHandler((error, _request, reply) => {
    options.report(error)
    return reply.code(500).send('internal error\n')
  })
  addRoutes(app, options)
  return app
}
