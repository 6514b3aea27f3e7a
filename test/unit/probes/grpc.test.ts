import { createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2'
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net'
import t, { type Test } from 'tap'
import { tcp } from '../../../src/os/tcp-connections.ts'
import type { Outcome } from '../../../src/ports/prober.ts'
import { createProber } from '../../../src/probes/prober.ts'
import { firstOf, processSpec } from '../../rig/specs.ts'

const answered = { ':status': 200, 'content-type': 'application/grpc' }

t.test('SERVING is a success, every other status a failure', async (t) => {
  for (const [bytes, isOk, detail] of [
    [[0, 0, 0, 0, 2, 8, 1], true, 'SERVING'],
    [[0, 0, 0, 0, 2, 8, 2], false, 'NOT_SERVING'],
    [[0, 0, 0, 0, 2, 8, 3], false, 'SERVICE_UNKNOWN'],
    [[0, 0, 0, 0, 0], false, 'UNKNOWN'],
    [[0, 0, 0, 0, 2, 8, 9], false, 'answer is not one of grpc.health.v1'],
    [[1, 0, 0, 0, 2, 8, 1], false, 'answer is not one of grpc.health.v1'],
    [[0, 0, 0, 0, 2], false, 'answer is not one of grpc.health.v1'],
    [Array(2000).fill(0), false, 'answer is not one of grpc.health.v1'],
  ] as const) {
    const port = await serve(t, (stream) => answer(stream, bytes))
    t.same(await check({ port }), { isOk, detail }, detail)
  }
})

t.test('a call that the server refuses is told with its code', async (t) => {
  const port = await serve(t, (stream) => {
    stream.respond({ ...answered, 'grpc-status': '12' }, { endStream: true })
  })
  const detail = 'gRPC status 12 (it has no grpc.health.v1)'
  t.same(await check({ port }), { isOk: false, detail })
  const other = await serve(t, (stream) => stream.respond({ ':status': 404 }, { endStream: true }))
  t.same(await check({ port: other }), { isOk: false, detail: 'HTTP 404' })
})

t.test('the request names the service, and the server by its host', async (t) => {
  const seen: unknown[] = []
  const port = await serve(t, (stream, headers) => {
    let body = Buffer.alloc(0)
    stream.on('data', (chunk: Buffer) => {
      body = Buffer.concat([body, chunk])
    })
    stream.on('end', () => {
      const { ':method': method, ':path': path, ':authority': authority, te } = headers
      seen.push([method, path, authority, headers['content-type'], te, body.toString('latin1')])
      answer(stream, [0, 0, 0, 0, 2, 8, 1])
    })
  })
  await check({ port })
  await check({ port, service: 'db', host: '127.0.0.1' })
  await check({ port, service: 'x'.repeat(300) })
  const rest = ['application/grpc', 'trailers']
  const call = ['POST', '/grpc.health.v1.Health/Check']
  t.same(seen, [
    [...call, `localhost:${port}`, ...rest, '\0\0\0\0\0'],
    [...call, `127.0.0.1:${port}`, ...rest, '\0\0\0\0\x04\n\x02db'],
    [...call, `localhost:${port}`, ...rest, `\0\0\0\x01\x2f\n\xac\x02${'x'.repeat(300)}`],
  ])
})

t.test('by default this machine is tried by IPv4, and then by IPv6', async (t) => {
  const six = await serve(t, (stream) => answer(stream, [0, 0, 0, 0, 2, 8, 1]), '::1')
  t.match(await check({ port: six }), { isOk: true })
  t.same(await check({ port: six, host: '127.0.0.1' }), {
    ...{ isOk: false, detail: 'connection refused' },
  })
  const closed = createTcpServer()
  const none = await listen(t, closed)
  await new Promise((resolve) => closed.close(resolve))
  t.same(await check({ port: none }), { isOk: false, detail: 'connection refused' })
})

t.test('what is no gRPC server, or goes away, has failed', async (t) => {
  const silent = await listen(
    t,
    createTcpServer((socket) =>
      socket.on('error', () => {}).end('HTTP/1.1 400 Bad Request\r\n\r\n'),
    ),
  )
  t.same(await check({ port: silent }), { isOk: false, detail: 'answer is not HTTP/2' })
  const gone = await serve(t, (stream) => stream.session?.destroy())
  t.same(await check({ port: gone }), { isOk: false, detail: 'no answer' })
})

t.test('a try can be ended, before and after it is loaded', async (t) => {
  let isClosed = () => {}
  const closed = new Promise<void>((resolve) => {
    isClosed = resolve
  })
  let cancel = () => {}
  const port = await serve(t, (stream) => {
    stream
      .on('error', () => {})
      .on('close', isClosed)
      .resume()
    cancel()
  })
  begin({ port }, () => t.fail('told'))()
  cancel = begin({ port }, () => t.fail('told'))
  await closed
})

interface Given {
  readonly port: number
  readonly host?: string
  readonly service?: string
}

function begin(given: Given, onEnd: (outcome: Outcome) => void): () => void {
  const spec = firstOf(processSpec('web'))
  const check = { kind: 'grpc', host: null, service: '', ...given } as const
  const commands = {
    run() {
      throw new Error('no command')
    },
  }
  return createProber(commands, tcp).probe({ check, spec, runId: '1' }, onEnd)
}

function check(given: Given): Promise<Outcome> {
  return new Promise((resolve) => void begin(given, resolve))
}

function answer(stream: ServerHttp2Stream, bytes: readonly number[]): void {
  stream.on('error', () => {})
  stream.respond(answered, { waitForTrailers: true })
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
  stream.end(Buffer.from(bytes))
}

function serve(
  t: Test,
  onStream: (stream: ServerHttp2Stream, headers: Readonly<Record<string, unknown>>) => void,
  host?: string,
): Promise<number> {
  const server = createServer().on('stream', onStream)
  return listen(t, server, host)
}

function listen(
  t: Pick<Test, 'teardown'>,
  server: Server | Http2Server,
  host = '127.0.0.1',
): Promise<number> {
  t.teardown(() => server.close())
  return new Promise((resolve) => {
    server.listen(0, host, () => resolve((server.address() as AddressInfo).port))
  })
}
