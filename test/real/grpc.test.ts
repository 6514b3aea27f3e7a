// A gRPC server of Debian's python3-grpcio, probed under `run`.
import { spawnSync } from 'node:child_process'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { root } from '../rig/fixtures.ts'
import { alone, unless } from '../rig/ringmaster.ts'
import { supervise } from '../rig/supervise.ts'

const python = '/usr/bin/python3'
const skip = unless(
  spawnSync(python, ['-c', 'import grpc']).status === 0,
  'needs the Debian package python3-grpcio',
)

t.test('a gRPC server is ready while it says so, by each name it has', { skip }, async (t) => {
  const port = await freePort()
  const often = { periodSeconds: 0.2 }
  const server = join(root, 'test', 'fixtures', 'grpc-health.py')
  const ringmaster = await supervise(t, alone, {
    processes: {
      web: {
        command: [python, server, `${port}`],
        startupProbe: { grpc: { port, service: 'web' }, ...often, failureThreshold: 100 },
        readinessProbe: { grpc: { port }, ...often },
      },
      other: {
        command: ['sleep', '1000'],
        readinessProbe: { grpc: { port, service: 'unknown' }, ...often },
      },
    },
  })
  await ringmaster.line(/"msg":"web\.1 is ready"/)
  await ringmaster.line(/other\.1 readiness probe failed: gRPC status 5 \(unknown service\)/)
  // It has a handler for it.
  ringmaster.signal('SIGUSR1')
  await ringmaster.line(/"msg":"web\.1 is not ready: readiness probe failed: NOT_SERVING \(3\/3\)"/)
  ringmaster.signal('SIGTERM')
  t.same(await ringmaster.exit(), { code: 0, signal: null })
})

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
