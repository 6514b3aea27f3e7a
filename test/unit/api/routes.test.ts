import t from 'tap'
import type { View } from '../../../src/core/view.ts'
import { appFor, notReady, ready } from '../../rig/endpoint.ts'
import { instanceView, processView, viewOf } from '../../rig/views.ts'

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
    t.equal((await app.inject({ method, url: '/livez/web' })).statusCode, 405)
    t.equal((await app.inject({ method, url: '/nowhere' })).statusCode, 404)
  }
})

t.test('who accepts JSON gets the same as JSON', async (t) => {
  const ask = async (view: View, url: string) => {
    const headers = { accept: 'application/json, */*' }
    const response = await appFor(view).inject({ url, headers })
    t.equal(response.headers['content-type'], 'application/json; charset=utf-8')
    return { status: response.statusCode, ...response.json() }
  }
  t.same(await ask(ready, '/readyz'), {
    status: 200,
    probe: 'readyz',
    ok: true,
    checks: [],
    more: 0,
  })
  t.same(await ask(notReady, '/readyz?verbose&exclude=nobody'), {
    status: 503,
    probe: 'readyz',
    ok: false,
    checks: [
      { name: 'api.2', ok: false, message: 'backoff' },
      { name: 'api.3', ok: false, message: 'starting' },
      { name: 'web', ok: true, message: 'ready' },
    ],
    more: 0,
    warning: 'some health checks cannot be excluded: no matches for "nobody"',
  })
})

t.test('an answer is of the view of its moment', async (t) => {
  let view = ready
  const app = appFor(ready, { view: () => view })
  const ask = async () => (await app.inject({ url: '/readyz' })).statusCode
  t.same([await ask(), await ask()], [200, 200])
  view = notReady
  t.same([await ask(), await ask()], [503, 503])
})

t.test('an answer names no software and is not to be kept', async (t) => {
  for (const url of ['/readyz', '/nowhere', '/readyz/nobody']) {
    const { headers } = await appFor(ready).inject({ url })
    t.notOk(headers.server ?? headers['x-powered-by'])
  }
  t.match((await appFor(ready).inject({ url: '/readyz' })).headers, { 'cache-control': 'no-store' })
})

t.test(
  'an answer is under 10 KiB however many instances fail and whatever is excluded',
  async (t) => {
    const name = 'n'.repeat(63)
    const instances = Array.from({ length: 5000 }, (_, i) =>
      instanceView(`${name}.${i + 1}`, { phase: 'backoff' }),
    )
    const app = appFor(viewOf(processView(name, ...instances)))
    const url = `/readyz?verbose&exclude=${encodeURIComponent('"ü'.repeat(2000))}`
    for (const accept of ['*/*', 'application/json']) {
      const { rawPayload } = await app.inject({ url, headers: { accept } })
      t.ok(rawPayload.length < 10_240)
      t.ok(rawPayload.length > 8000)
    }
    const { body } = await app.inject({ url: '/readyz' })
    const shown = body.split('\n').length - 3
    t.equal(body.split('\n').slice(-3).join('\n'), `${5000 - shown} more\nreadyz check failed\n`)
  },
)

t.test('an error is reported, and says nothing to the client', async (t) => {
  const reported: unknown[] = []
  const secret = new Error('secret')
  const app = appFor(ready, {
    view: () => {
      throw secret
    },
    metrics: { text: () => Promise.reject(secret), contentType: 'text/plain' },
    report: (error) => reported.push(error),
  })
  for (const url of ['/readyz', '/metrics']) {
    const { statusCode, body } = await app.inject({ url })
    t.same({ statusCode, body }, { statusCode: 500, body: 'internal error\n' })
  }
  t.same(reported, [secret, secret])
})
