import { type FastifyInstance, fastify } from 'fastify'
import type { Listening } from './listen.ts'
import { addRoutes, type RouteOptions } from './routes.ts'

/** Has fastify answer on a server that listens already. Loaded after the first spawns: fastify is most of our weight. */
export async function serve(listening: Listening, options: RouteOptions): Promise<FastifyInstance> {
  const app = fastify({ logger: false, serverFactory: () => listening.server })
  addRoutes(app, options)
  await app.ready()
  listening.takeOver((request, response) => app.routing(request, response))
  return app
}
