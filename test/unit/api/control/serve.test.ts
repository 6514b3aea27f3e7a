import { once } from 'node:events'
import { request } from 'node:http'
import { join } from 'node:path'
import t from 'tap'
import { controlApp, us } from '../../../rig/control-app.ts'
import { folder } from '../../../rig/supervise.ts'

const other = { ...us, uid: 1000, isOwn: false }

t.test('how processes are is told, and of those that are named', async (t) => {
  const { app } = controlApp()
  const all = await app.inject('/v1/processes')
  t.equal(all.statusCode, 200)
  t.match(all.headers, { 'content-type': /^application\/json/, 'cache-control': 'no-store' })
  t.match(all.json(), [
    {
      name: 'web',
      ready: false,
      instances: [{ name: 'web.1' }, { name: 'web.2', phase: 'backoff' }],
    },
    { name: 'job', ready: true, instances: [{ pid: 100, startedAt: '2030-03-17T17:46:40.000Z' }] },
  ])
  const some = await app.inject('/v1/processes?name=web.2&name=job')
  t.match(some.json(), [{ instances: [{ name: 'web.2' }] }, { name: 'job' }])
  t.equal(some.json()[0].instances.length, 1)
})

t.test('where sockets listen is told, and for whom', async (t) => {
  const { app } = controlApp()
  const { payload } = await app.inject('/v1/sockets')
  t.same(JSON.parse(payload), [{ name: 'http', address: '0.0.0.0:80', processes: ['job'] }])
})

t.test('what is wrong is told as a problem', async (t) => {
  const { app } = controlApp()
  for (const [url, status, code, detail] of [
    ['/v1/processes?name=webb', 404, 'NO_SUCH_NAME', /did you mean web\?/],
    ['/v1/processes?names=web', 400, 'INVALID_REQUEST', /^query\.names: .*did you mean name\?/],
    ['/v1/nothing', 404, 'NO_SUCH_RESOURCE', /GET \/v1\/nothing/],
    ['/v1/%ff', 400, 'INVALID_REQUEST', /./],
  ] as const) {
    const { statusCode, headers, payload } = await app.inject(url)
    t.equal(statusCode, status, url)
    t.match(headers['content-type'], /^application\/problem\+json/)
    t.match(JSON.parse(payload), { status, code, detail, title: /./ })
  }
})

t.test('who asks for what is there by another method hears which there are', async (t) => {
  const { app } = controlApp()
  for (const [method, url, allow] of [
    ['POST', '/v1/processes', 'GET, HEAD'],
    ['DELETE', '/v1/processes/web?x=/', 'GET, HEAD'],
    ['OPTIONS', '/v1/supervisor', 'GET, HEAD'],
    ['PUT', '/v1/openapi.json', 'GET, HEAD'],
    ['GET', '/v1/config/apply', 'POST'],
    ['HEAD', '/v1/config/apply', 'POST'],
  ] as const) {
    const { statusCode, headers, payload } = await app.inject({ method, url, payload: 'x' })
    t.equal(statusCode, 405, `${method} ${url}`)
    t.equal(headers['allow'], allow)
    if (method !== 'HEAD') t.match(JSON.parse(payload), { status: 405, code: 'NO_SUCH_METHOD' })
  }
  const { statusCode, payload } = await app.inject({ method: 'HEAD', url: '/v1/supervisor' })
  t.equal(statusCode, 200)
  t.equal(payload, '')
})

t.test('clients are not promised more time than they have between two requests', async (t) => {
  const { app } = controlApp()
  const socket = join(folder(t), 'socket')
  t.teardown(() => app.close())
  await app.listen({ path: socket })
  const [response] = await once(
    request({ socketPath: socket, path: '/v1/sockets' }).end(),
    'response',
  )
  t.equal(response.statusCode, 200)
  t.equal(response.headers['keep-alive'], undefined)
  response.resume()
})

t.test('an error that nobody expected is reported, and no business of the client', async (t) => {
  const reported: unknown[] = []
  const view = () => {
    throw new Error('secret')
  }
  const { app } = controlApp({ view, report: (error) => reported.push(error) })
  const { statusCode, payload } = await app.inject('/v1/supervisor')
  t.equal(statusCode, 500)
  t.notMatch(payload, /secret/)
  t.match(reported, [{ message: 'secret' }])
})

t.test('who may not is refused, before anything is looked at', async (t) => {
  const none = { access: () => ({ others: 'none', descendants: null }) as const }
  for (const [peer, given, method, url, status] of [
    [other, {}, 'GET', '/v1/supervisor', 200],
    [other, {}, 'POST', '/v1/nothing', 403],
    [other, none, 'GET', '/v1/supervisor', 403],
    [{ ...us, isDescendant: true }, {}, 'POST', '/v1/nothing', 403],
    [us, {}, 'POST', '/v1/nothing', 404],
  ] as const) {
    const { app } = controlApp(given, peer)
    const { statusCode } = await app.inject({ method, url })
    t.equal(statusCode, status, `${peer.uid} ${method} ${url}`)
  }
})

t.test('OpenAPI describes each operation, and every reference leads somewhere', async (t) => {
  const { app } = controlApp()
  const document = (await app.inject('/v1/openapi.json')).json()
  t.match(document, { openapi: '3.1.0', info: { version: '1.2.3' } })
  t.ok(document.paths['/v1/processes'].get)
  const text = JSON.stringify(document)
  for (const [, name = ''] of text.matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
    t.ok(document.components.schemas[name], name)
  }
})
