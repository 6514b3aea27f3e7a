import { createServer, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net'
import t, { type Test } from 'tap'
import { tcp } from '../../../src/os/tcp-connections.ts'
import type { Outcome } from '../../../src/ports/prober.ts'
import { type HttpCheck, probeHttp } from '../../../src/probes/http.ts'
import { probeTcp } from '../../../src/probes/tcp.ts'
import { certificate } from '../../rig/certificate.ts'

t.test('a status from 200 to 399 is a success, all others are failures', async (t) => {
  const port = await serve(t, (request, response) => {
    response.writeHead(Number(request.url?.slice(1))).end('body')
  })
  for (const status of [200, 201, 204, 299, 300, 304, 399]) {
    t.same(await get({ port, path: `/${status}` }), { isOk: true, detail: `HTTP ${status}` })
  }
  for (const status of [400, 404, 500, 503, 599]) {
    t.same(await get({ port, path: `/${status}` }), { isOk: false, detail: `HTTP ${status}` })
  }
})

t.test(
  'the request is a GET of the path, with headers of its own and those that are written',
  async (t) => {
    const seen: unknown[] = []
    const port = await serve(t, (request, response) => {
      seen.push([request.method, request.url, request.httpVersion, ...request.rawHeaders])
      response.end()
    })
    await get({ port, path: '/a?b=c' })
    await get({
      port,
      host: '127.0.0.1',
      headers: [header('X-A', 'é'), header('host', 'app.example'), header('USER-AGENT', 'me')],
    })
    t.same(seen, [
      [
        'GET',
        '/a?b=c',
        '1.1',
        'Host',
        `localhost:${port}`,
        'User-Agent',
        'ringmaster-probe',
        'Accept',
        '*/*',
        'Connection',
        'close',
      ],
      [
        'GET',
        '/',
        '1.1',
        'Accept',
        '*/*',
        'X-A',
        Buffer.from('é').toString('latin1'),
        'host',
        'app.example',
        'USER-AGENT',
        'me',
        'Connection',
        'close',
      ],
    ])
  },
)

t.test(
  'redirects are followed on the same host, and one that leads elsewhere is a success',
  async (t) => {
    const seen: string[] = []
    const other = await serve(t, (_, response) => response.writeHead(503).end())
    const locations: Record<string, string> = {
      '/relative': 'bad',
      '/absolute': '/bad',
      '/port': `http://localhost:${other}/`,
      '/elsewhere': 'http://127.0.0.1:1/bad',
      '/none': '',
      '/loop': '/loop',
      '/wrong': 'http://[',
      '/mail': 'mailto:a@localhost',
      '/300': '/bad',
    }
    const port = await serve(t, (request, response) => {
      const url = request.url ?? ''
      seen.push(url)
      const location = locations[url]
      if (location === undefined) response.writeHead(500).end()
      else
        response
          .writeHead(url === '/300' ? 300 : 302, location === '' ? {} : { location })
          .end('moved')
    })
    for (const [path, isOk, detail] of [
      ['/relative', false, 'HTTP 500'],
      ['/absolute', false, 'HTTP 500'],
      ['/port', false, 'HTTP 503'],
      ['/elsewhere', true, 'HTTP 302'],
      ['/none', true, 'HTTP 302'],
      ['/300', true, 'HTTP 300'],
      ['/loop', false, 'more than 10 redirects'],
      ['/wrong', false, 'HTTP 302 with a wrong Location'],
      ['/mail', false, 'HTTP 302 with a wrong Location'],
    ] as const) {
      t.same(await get({ port, path }), { isOk, detail }, path)
    }
    t.equal(seen.filter((path) => path === '/loop').length, 11)
  },
)

t.test('with HTTPS no certificate is verified', async (t) => {
  const names: unknown[] = []
  const server = createTlsServer(certificate, (_, response) => response.writeHead(418).end())
  server.on('secureConnection', (socket) => names.push(socket.servername))
  const port = await listen(t, server)
  t.same(await get({ port, scheme: 'HTTPS' }), { isOk: false, detail: 'HTTP 418' })
  t.same(await get({ port, scheme: 'HTTPS', host: '127.0.0.1' }), {
    isOk: false,
    detail: 'HTTP 418',
  })
  t.same(names, ['localhost', false])
  t.match(await get({ port }), { isOk: false })
  const plain = await serve(t, (_, response) => response.end())
  t.match(await get({ port: plain, scheme: 'HTTPS' }), { isOk: false })
})

t.test('a head without an end of the body is waited for, and the try can be ended', async (t) => {
  let isClosed = () => {}
  const closed = new Promise<void>((resolve) => {
    isClosed = resolve
  })
  const port = await listen(
    t,
    createTcpServer((socket) => {
      socket
        .on('error', () => {})
        .on('close', isClosed)
        .resume()
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc')
      setImmediate(cancel)
    }),
  )
  const cancel = probeHttp(tcp, check({ port }), () => t.fail('nothing is told once it is ended'))
  await closed
})

t.test('by default this machine is tried by IPv4, and then by IPv6', async (t) => {
  const four = await listen(t, createTcpServer(), '127.0.0.1')
  const six = await listen(t, createTcpServer(), '::1')
  const free = await freePort()
  t.match(await connect(null, four), { isOk: true })
  t.match(await connect(null, six), { isOk: true })
  t.match(await connect('127.0.0.1', six), { isOk: false, detail: 'connection refused' })
  t.match(await connect(null, free), { isOk: false, detail: 'connection refused' })
  t.match(await connect('localhost', four), { isOk: true }, 'a name')
  t.match(await connect('no-such-host.invalid', four), { isOk: false })
})

t.test('a server may be named, and what a name is answered is read as any other', async (t) => {
  const port = await serve(t, (_, response) => response.writeHead(204).end())
  t.same(await get({ host: 'localhost', port }), { isOk: true, detail: 'HTTP 204' })
  const free = await freePort()
  t.same(await get({ host: 'localhost', port: free }), {
    isOk: false,
    detail: 'connection refused',
  })
})

t.test('of a try that is ended while it connects nothing is told', async (t) => {
  const port = await listen(t, createTcpServer())
  for (const target of [port, await freePort()]) {
    probeTcp(tcp, { host: null, port: target }, () => t.fail('told'))()
  }
  await connect(null, port)
})

function get(given: Partial<HttpCheck>): Promise<Outcome> {
  return new Promise((resolve) => void probeHttp(tcp, check(given), resolve))
}

function check(given: Partial<HttpCheck>): HttpCheck {
  return { kind: 'http', host: null, port: 0, path: '/', scheme: 'HTTP', headers: [], ...given }
}

function connect(host: string | null, port: number): Promise<Outcome> {
  return new Promise((resolve) => void probeTcp(tcp, { host, port }, resolve))
}

function header(name: string, value: string) {
  return { name, value }
}

function serve(t: Test, listener: RequestListener): Promise<number> {
  return listen(t, createServer(listener))
}

function listen(t: Pick<Test, 'teardown'>, server: Server, host = '127.0.0.1'): Promise<number> {
  t.teardown(() => server.close())
  return new Promise((resolve) => {
    server.listen(0, host, () => resolve((server.address() as AddressInfo).port))
  })
}

/** One that nobody listens at. */
async function freePort(): Promise<number> {
  const server = createTcpServer()
  const port = await listen({ teardown: () => {} }, server)
  await new Promise((resolve) => server.close(resolve))
  return port
}
