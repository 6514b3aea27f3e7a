import type { FastifyInstance } from 'fastify'
import type { RouteOptions } from '../../src/api/routes.ts'
import { createApp } from '../../src/api/serve.ts'
import type { View } from '../../src/core/view.ts'
import { instanceView, processView, viewOf } from './views.ts'

/** A process that is ready. */
export const web = processView('web', instanceView('web.1'))
/** One that is not: of three instances one is. */
export const api = {
  ...processView(
    'api',
    instanceView('api.1'),
    instanceView('api.2', { phase: 'backoff' }),
    instanceView('api.3', { phase: 'starting' }),
  ),
  isReady: false,
}

/** All is ready. */
export const ready = viewOf(web)

/** Not all is. */
export const notReady = viewOf(web, api)

/** The endpoint, with what it asks for given. */
export function appFor(view: View, given: Partial<RouteOptions> = {}): FastifyInstance {
  const metrics = { text: async () => 'a 1\n', contentType: 'text/plain; version=0.0.4' }
  const report = (error: unknown) => {
    throw error
  }
  return createApp({ view: () => view, metrics, report, ...given })
}
