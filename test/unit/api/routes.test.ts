import { type FastifyInstance, fastify } from 'fastify'
import t from 'tap'
import { addRoutes } from '../../../src/api/routes.ts'
import type { View } from '../../../src/core/view.ts'
import { instanceView, processView, viewOf } from '../../rig/views.ts'

const web = processView('web', instanceView('web.1'))
const api = {
  ...processView(
    'api',
    instanceView('api.1'),
    instanceView('api.2', { phase: 'backoff', isReady: false }),
    instanceView('api.3', { phase: 'starting', isReady: false }),
  ),
  isReady: false,
}
const ready = viewOf(web)
const notReady = viewOf(web, api)

function appFor(view: View): FastifyInstance {
  const app = fastify()
  const metrics = { text: async () => 'a 1\n', contentType: 'text/plain; version=0.0.4' }
  addRoutes(app, { view: () => view, metrics })
  return app
}

const answers: readonly (readonly [string, View, string, number, string])[] = [
  ['livez is ok', ready, '/livez', 200, 'ok'],
  ['livez is ok whatever the children do', notReady, '/livez', 200, 'ok'],
  ['healthz is livez', notReady, '/healthz', 200, 'ok'],
  ['readyz is ok', ready, '/readyz', 200, 'ok'],
  ['without processes readyz is ok', viewOf(), '/readyz', 200, 'ok'],
  [
    'verbose readyz shows each process',
    ready,
    '/readyz?verbose',
    200,
    '[+]web ready\nreadyz check passed\n',
  ],
  [
    'readyz says which instances fail',
    notReady,
    '/readyz',
    503,
    '[-]api.2 backoff\n[-]api.3 starting\nreadyz check failed\n',
  ],
  [
    'verbose readyz shows what fails first, then the rest',
    notReady,
    '/readyz?verbose',
    503,
    '[-]api.2 backoff\n[-]api.3 starting\n[+]web ready\nreadyz check failed\n',
  ],
  [
    'in a shutdown nothing is ready',
    { ...ready, phase: 'stopping', isReady: false },
    '/readyz',
    503,
    '[-]shutdown in progress\nreadyz check failed\n',
  ],
  [
    'startupz is ok once all have been ready',
    { ...notReady, isStarted: true },
    '/startupz',
    200,
    'ok',
  ],
  [
    'startupz says what it waits for',
    notReady,
    '/startupz',
    503,
    '[-]api.2 backoff\n[-]api.3 starting\nstartupz check failed\n',
  ],
  ['metrics', ready, '/metrics', 200, 'a 1\n'],
  ['nothing else is there', ready, '/readyz/web', 404, 'not found\n'],
]

for (const [rule, view, url, status, body] of answers) {
  t.test(rule, async (t) => {
    const app = appFor(view)
    const response = await app.inject({ url })
    t.equal(response.statusCode, status)
    t.equal(response.body, body)
    t.match(response.headers['content-type'], /^text\/plain/)
    const head = await app.inject({ method: 'HEAD', url })
    t.equal(head.statusCode, status)
    t.equal(head.body, '')
  })
}

t.test('only GET and HEAD are allowed, and no body is looked at', async (t) => {
  const app = appFor(ready)
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const) {
    const response = await app.inject({
      method,
      url: '/readyz?verbose',
      headers: { 'content-type': 'application/json' },
      body: '{not json',
    })
    t.equal(response.statusCode, 405)
    t.equal(response.headers.allow, 'GET, HEAD')
    t.equal((await app.inject({ method, url: '/nowhere' })).statusCode, 404)
  }
})

t.test('an answer is under 10 KiB however many instances fail', async (t) => {
  const name = 'n'.repeat(63)
  const instances = Array.from({ length: 5000 }, (_, i) =>
    instanceView(`${name}.${i + 1}`, { phase: 'backoff', isReady: false }),
  )
  const response = await appFor(viewOf(processView(name, ...instances))).inject({ url: '/readyz' })
  t.ok(response.body.length < 10_240)
  t.match(response.body, /\n4900 more\nreadyz check failed\n$/)
})
