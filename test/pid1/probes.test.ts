import { createServer } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net'
import t, { type Test } from 'tap'
import { alone, ways } from '../rig/ringmaster.ts'
import type { Running } from '../rig/running.ts'
import { script, supervise } from '../rig/supervise.ts'

const often = { periodSeconds: 0.05, failureThreshold: 2 }
const stays = script('echo "run $RINGMASTER_RUN"; exec sleep 1000')

for (const { way, start, skip } of ways) {
  t.test(
    `${way}: a liveness probe that fails restarts, and readiness does not`,
    { skip },
    async (t) => {
      const status = { '/ready': 200, '/alive': 200 }
      const port = await listen(
        t,
        createServer(({ url }, response) => {
          response.writeHead(url === '/ready' ? status['/ready'] : status['/alive']).end()
        }),
      )
      const probe = (path: string) => ({ httpGet: { port, path }, ...often })
      const ringmaster = await supervise(t, start, {
        processes: {
          web: { ...stays, readinessProbe: probe('/ready'), livenessProbe: probe('/alive') },
        },
      })
      await ringmaster.line(/"msg":"web\.1 is ready"/)
      status['/alive'] = 503
      await ringmaster.line(/"msg":"web\.1 is stopped: liveness: HTTP 503 \(2\/2\)"/)
      status['/alive'] = 200
      await ringmaster.line(/"msg":"web\.1 is ready"/)
      status['/ready'] = 404
      await ringmaster.line(
        /"msg":"web\.1 is not ready: readiness probe failed: HTTP 404 \(2\/2\)"/,
      )
      status['/ready'] = 200
      const { stderr } = await ringmaster.line(/"msg":"web\.1 is ready"/).then(() => ringmaster)
      t.notMatch(stderr.slice(stderr.indexOf('not ready')), /restarts/)
      ringmaster.signal('SIGTERM')
      t.same(await ringmaster.exit(), { code: 0, signal: null })
    },
  )

  t.test(
    `${way}: a process that never starts is restarted until its limit, and the code is 69`,
    { skip },
    async (t) => {
      const port = await freePort()
      const ringmaster = await supervise(t, start, {
        processes: {
          web: {
            ...stays,
            startupProbe: { tcpSocket: { port }, ...often },
            restartLimit: { count: 1 },
          },
        },
      })
      const reason = /"msg":"web\.1 is stopped: startup: connection refused \(2\/2\)"/
      await ringmaster.line(reason)
      await ringmaster.line(reason)
      t.same(await ringmaster.exit(), { code: 69, signal: null })
    },
  )

  t.test(
    `${way}: a server that accepts and says nothing is given up on in time`,
    { skip },
    async (t) => {
      const port = await listen(
        t,
        createTcpServer((socket) => socket.on('error', () => {})),
      )
      const ringmaster = await supervise(t, start, {
        processes: {
          web: {
            ...stays,
            startupProbe: { tcpSocket: { port }, ...often },
            livenessProbe: { httpGet: { port }, ...often, timeoutSeconds: 0.1 },
          },
        },
      })
      await ringmaster.line(/"msg":"web\.1 is stopped: liveness: no answer within 0\.1 s \(2\/2\)"/)
      await ringmaster.line(/^web\.1 \| run 2-/)
      ringmaster.signal('SIGTERM')
      t.same(await ringmaster.exit(), { code: 0, signal: null })
    },
  )
}

t.test('/readyz says what keeps a process from being ready, and waits for it', async (t) => {
  let status = 503
  const port = await listen(
    t,
    createServer((_, response) => response.writeHead(status).end()),
  )
  const ringmaster = await supervise(t, alone, {
    http: { host: '127.0.0.1', port: 0 },
    logs: { level: 'debug' },
    processes: { web: { ...stays, readinessProbe: { httpGet: { port }, ...often } } },
  })
  const url = await readyz(ringmaster)
  await ringmaster.line(/readiness probe failed: HTTP 503 \(2\/2\)/)
  const failed = await fetch(url)
  t.equal(failed.status, 503)
  t.match(await failed.text(), '[-]web.1 readiness: HTTP 503 (2/2)\nreadyz check failed')
  status = 200
  await ringmaster.line(/"msg":"web\.1 is ready"/)
  t.match(await fetch(url), { status: 200 })
})

async function readyz(ringmaster: Running): Promise<string> {
  const [, url = ''] = await ringmaster.line(/"msg":"endpoints: .* (http:\S+\/readyz) /)
  return `${url}?verbose`
}

function listen(t: Pick<Test, 'teardown'>, server: Server): Promise<number> {
  t.teardown(() => server.close())
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}

async function freePort(): Promise<number> {
  const server = createTcpServer()
  const port = await listen({ teardown: () => {} }, server)
  await new Promise((resolve) => server.close(resolve))
  return port
}
