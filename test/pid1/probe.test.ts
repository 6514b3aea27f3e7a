import { once } from 'node:events'
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http'
import { type AddressInfo, createServer, type Server } from 'node:net'
import t, { type Test } from 'tap'
import { alone, inNamespace, needsNamespace, nodeCommand } from '../rig/ringmaster.ts'
import { script, supervise } from '../rig/supervise.ts'

/** Has `server` listen until the end of the test; returns its port. */
async function listen(t: Test, server: Server | HttpServer, host = '127.0.0.1'): Promise<number> {
  server.listen(0, host)
  await once(server, 'listening')
  t.teardown(() => server.close())
  return (server.address() as AddressInfo).port
}

/** A server that answers every request so. */
function answering(status: number, body: string): HttpServer {
  return createHttpServer((_request, response) => response.writeHead(status).end(body))
}

async function probe(t: Test, ...args: readonly string[]) {
  const { code, stdout, stderr } = await (await alone(t, ['probe', ...args])).end()
  return { code, stdout, stderr }
}

t.test('what the endpoint says is printed, and is the exit code', async (t) => {
  const ok = await listen(t, answering(200, 'ok'))
  t.same(await probe(t, 'livez', '--port', `${ok}`), { code: 0, stdout: 'ok\n', stderr: '' })
  const reason = '[-]web.1 backoff\nreadyz check failed\n'
  const failing = await listen(t, answering(503, reason))
  t.same(await probe(t, 'readyz', '--port', `${failing}`), { code: 1, stdout: reason, stderr: '' })
})

t.test('it asks for what it was told to', async (t) => {
  const server = answering(404, 'no such process\n')
  const asked = once(server, 'request')
  const port = await listen(t, server)
  t.same(await probe(t, '--port', `${port}`, 'startupz/web'), {
    code: 1,
    stdout: '',
    stderr: 'ringmaster: probe: there is no process "web"\n',
  })
  const [{ method, url }] = await asked
  t.same([method, url], ['GET', '/startupz/web'])
})

t.test('where nobody answers well, the code is 1 and the message says why', async (t) => {
  const rows: readonly (readonly [server: Server | HttpServer, RegExp])[] = [
    [createServer(), /^ringmaster: probe: cannot ask 127\.0\.0\.1:\d+: no answer within 0\.5 s\n$/],
    [createServer((socket) => socket.end()), /: who answers is not Ringmaster\n$/],
    [createServer((socket) => socket.end('hello\n')), /: who answers is not Ringmaster\n$/],
    [answering(302, ''), /: who answers is not Ringmaster: HTTP 302\n$/],
    [answering(404, ''), /: who answers is not Ringmaster: HTTP 404\n$/],
    [
      createServer((socket) => {
        socket.on('error', () => {})
        socket.write('x'.repeat(10_000_000))
      }),
      /: who answers is not Ringmaster\n$/,
    ],
  ]
  for (const [server, message] of rows) {
    const port = await listen(t, server)
    const timeout = message.source.includes('within') ? '0.5' : '10'
    const result = await probe(t, 'livez', '--port', `${port}`, '--timeout', timeout)
    t.match(result, { code: 1, stdout: '', stderr: message })
  }
})

t.test('it asks at 127.0.0.1, then at ::1, or where it is told to', async (t) => {
  const port = `${await listen(t, answering(200, 'ok'), '::1')}`
  t.match(await probe(t, 'livez', '--port', port), { code: 0 })
  t.match(await probe(t, 'livez', '--port', port, '--host', '::1'), { code: 0 })
  t.same(await probe(t, 'livez', '--port', port, '--host', '127.0.0.1'), {
    code: 1,
    stdout: '',
    stderr: `ringmaster: probe: cannot ask 127.0.0.1:${port}: nobody listens there\n`,
  })
})

t.test('a wrong command line is told with 64', async (t) => {
  for (const args of [
    [],
    ['health'],
    ['livez', 'readyz'],
    ['readyz/'],
    ['readyz/web.1'],
    ['livez', '--port', '0'],
    ['livez', '--port', '65536'],
    ['livez', '--port', '80.5'],
    ['livez', '--port', 'http'],
    ['livez', '--timeout', '0'],
    ['livez', '--timeout', '-1'],
    ['livez', '--retries', '3'],
  ]) {
    const result = await probe(t, ...args)
    t.match(
      result,
      { code: 64, stdout: '', stderr: /See "ringmaster probe --help"\n$/ },
      args.join(' '),
    )
  }
  t.match(await probe(t, '--help'), { code: 0, stdout: /^Usage: ringmaster probe / })
})

t.test(
  'in a container it finds the endpoint wherever it listens',
  { skip: needsNamespace },
  async (t) => {
    // /run is that of nobody else, and can be written or cannot.
    for (const [mount, found] of [
      ['', '/run/ringmaster/endpoint'],
      [' -o ro', '/dev/shm/ringmaster-0-[0-9]+/endpoint'],
    ]) {
      const command = nodeCommand(['probe', 'readyz/web']).join(' ')
      const ringmaster = await supervise(
        t,
        inNamespace,
        {
          http: { host: '127.0.0.1', port: 0 },
          processes: {
            web: script('exec sleep 1000'),
            asking: script(
              `until ${command} >/dev/null 2>&1; do :; done; ${command}; echo /run/ringmaster/* /dev/shm/ringmaster-0-*/*; exec sleep 1000`,
            ),
          },
        },
        {
          by: [
            'sh',
            '-c',
            `mount -t tmpfs${mount} none /run && mount -t tmpfs none /dev/shm && exec "$@"`,
            'sh',
          ],
        },
      )
      await ringmaster.line(/^asking\.1 \| ok$/)
      await ringmaster.line(new RegExp(`${found}( |$)`))
      ringmaster.signal('SIGTERM')
      t.match(await ringmaster.end(), { code: 0 })
    }
  },
)
