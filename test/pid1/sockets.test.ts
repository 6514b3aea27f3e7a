// Sockets that Ringmaster opens and its processes listen at.
import { once } from 'node:events'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { ask, askWhileKilled, portOf } from '../rig/clients.ts'
import { needsRoot } from '../rig/exec-helper.ts'
import { fixture } from '../rig/fixtures.ts'
import { statusOf } from '../rig/proc.ts'
import { alone, inNamespace, needsNamespace, ways } from '../rig/ringmaster.ts'
import { freePort } from '../rig/servers.ts'
import { folder, script, supervise } from '../rig/supervise.ts'

const fast = { backoff: { initialSeconds: 0.01, maxSeconds: 0.02 }, restartLimit: null }
const accept = (fields: object = {}) => ({
  ...{ command: [fixture('accept')], sockets: ['web'] },
  ...fields,
})

for (const { way, start, skip } of ways) {
  t.test(`a process has its sockets and nothing else, ${way}`, { skip }, async (t) => {
    const ringmaster = await supervise(t, start, {
      sockets: { web: { port: 0 }, own: { host: '::1', port: 0 }, other: { port: 0 } },
      processes: {
        show: { command: [fixture('show')], sockets: ['own', 'web'], restartPolicy: 'Never' },
        none: { command: [fixture('show')], restartPolicy: 'Never' },
        told: {
          command: [
            ...['sh', '-c'],
            'echo $$$$ $${LISTEN_PID} $LISTEN_FDS $LISTEN_FDNAMES $TOLD "$0"',
            '${socket.web}',
          ],
          ...{ sockets: ['own', 'web'], env: { TOLD: '${socket.own}', LISTEN_FDS: '9' } },
          restartPolicy: 'Never',
        },
      },
    })
    await ringmaster.line(/^show\.1 \| fds=0,1,2,3,4$/)
    await ringmaster.line(/^none\.1 \| fds=0,1,2$/)
    await ringmaster.line(/^told\.1 \| (\d+) \1 2 own:web 3 4$/)
    t.match(await ringmaster.exit(), { code: 0 })
  })

  t.test(`nobody is refused while who accepts is killed, ${way}`, { skip }, async (t) => {
    const ringmaster = await supervise(t, start, {
      sockets: { web: { port: 0, backlog: 100 } },
      processes: { web: accept({ ...fast, replicas: 2 }) },
    })
    const port = await portOf(ringmaster, 'web')
    await askWhileKilled(t, ringmaster, () => ask(port))
  })
}

t.test('an HTTP server of Node.js takes its socket', async (t) => {
  const server = `require('node:http').createServer((request, response) => response.writeHead(200, { connection: 'close' }).end('here')).listen({ fd: 3 })`
  const ringmaster = await supervise(t, alone, {
    sockets: { web: { host: '::', port: 0 } },
    processes: { web: { command: [process.execPath, '-e', server], sockets: ['web'], ...fast } },
  })
  const port = await portOf(ringmaster, 'web')
  for (const host of ['127.0.0.1', '[::1]']) {
    t.equal(await (await fetch(`http://${host}:${port}`)).text(), 'here', host)
  }
  const [pid = 0] = ringmaster.children()
  process.kill(pid, 'SIGKILL')
  await ringmaster.until(() => ringmaster.state(pid) === undefined)
  t.equal(
    await (await fetch(`http://127.0.0.1:${port}`)).text(),
    'here',
    'it waits for the next run',
  )
})

t.test('several processes share a socket, which stays blocking', async (t) => {
  const ringmaster = await supervise(t, alone, {
    sockets: { web: { port: 0 } },
    processes: { web: accept({ replicas: 3 }), other: accept() },
  })
  const port = await portOf(ringmaster, 'web')
  const ready = await Promise.all([1, 2, 3].map(() => ringmaster.ready('web.\\d \\|')))
  for (const pid of ready) {
    const [, flags] = /^flags:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/fdinfo/3`, 'utf8')) ?? []
    t.equal(Number.parseInt(flags ?? '', 8) & 0o4000, 0, 'O_NONBLOCK')
  }
  const answers = await Promise.all(Array.from({ length: 20 }, () => ask(port)))
  for (const answer of answers) t.match(answer, /^\d+\n$/)
})

t.test('a socket that a process has shut down listens again for the next run', async (t) => {
  const port = await freePort()
  const ringmaster = await supervise(t, alone, {
    sockets: { web: { port } },
    processes: { web: accept({ ...fast, args: ['1', 'shut'] }) },
  })
  for (const _ of [1, 2, 3]) {
    await ringmaster.ready('web.1 \\|')
    t.match(await ask(port), /^\d+\n$/)
  }
})

t.test('probes and hooks have no sockets', async (t) => {
  const look = ['sh', '-c', 'test -z "$LISTEN_FDS$LISTEN_PID" && test ! -e /proc/self/fd/3']
  const exec = { command: look }
  const ringmaster = await supervise(t, alone, {
    sockets: { web: { port: 0 } },
    processes: {
      web: accept({ readinessProbe: { exec }, lifecycle: { postStart: { exec } } }),
    },
  })
  await ringmaster.line(/web\.1 is ready/)
  t.notMatch(ringmaster.stderr, /failed/)
})

t.test('an address that cannot be had ends the start, with all that are', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  t.teardown(() => taken.close())
  const address = taken.address()
  const port = typeof address === 'object' ? address?.port : 0
  const ringmaster = await supervise(t, alone, {
    sockets: { a: { host: '127.0.0.1', port }, b: { host: '192.0.2.1', port: 1 } },
    processes: { web: script('exit 0') },
  })
  const { code, stderr } = await ringmaster.end()
  t.equal(code, 78)
  t.equal(
    stderr,
    [
      `ringmaster: cannot listen on 127.0.0.1:${port}: address in use. Choose another "sockets.a.port" or host, or end what listens there`,
      'cannot listen on 192.0.2.1:1: this machine has no such address. Choose another "sockets.b.port" or host, or end what listens there',
      '',
    ].join('\n'),
  )
})

t.test('another that says reusePort too may listen at the same address', async (t) => {
  const port = await freePort()
  const config = {
    sockets: { web: { port, reusePort: true } },
    processes: { web: accept() },
  }
  const one = await supervise(t, alone, config)
  await portOf(one, 'web')
  const other = await supervise(t, alone, config)
  t.equal(await portOf(other, 'web'), port)
  one.signal('SIGTERM')
  await one.end()
  t.match(await ask(port), /^\d+\n$/)
})

t.test('a UNIX socket has its mode, and is gone at the end', async (t) => {
  const path = join(folder(t), 'web')
  const ringmaster = await supervise(t, alone, {
    sockets: { web: { path, mode: 666 } },
    processes: { web: accept(fast) },
  })
  const pid = await ringmaster.ready('web.1 \\|')
  t.equal(statSync(path).mode & 0o777, 0o666)
  t.match(await ask(path), /^\d+\n$/)
  process.kill(pid, 'SIGKILL')
  await ringmaster.until(() => ringmaster.state(pid) === undefined)
  t.match(await ask(path), /^\d+\n$/)
  ringmaster.signal('SIGTERM')
  await ringmaster.end()
  t.notOk(existsSync(path))
})

t.test('a start that is refused later leaves no file', async (t) => {
  const path = join(folder(t), 'web')
  const ringmaster = await supervise(t, alone, {
    ...{ sockets: { web: { path } }, control: { socket: '/no/such/place' } },
    processes: { web: accept() },
  })
  t.match(await ringmaster.end(), { code: 78, stderr: /no\/such\/place/ })
  t.notOk(existsSync(path))
})

t.test(
  'a UNIX socket is made by root for its owner; the next start replaces what is left',
  { skip: needsRoot || needsNamespace },
  async (t) => {
    const path = join(folder(t), 'web')
    const config = {
      sockets: { web: { path, owner: '65534:12345', mode: 600 } },
      processes: { web: accept({ securityContext: { runAsUser: 65534 } }) },
    }
    for (const _ of ['left', 'replaced']) {
      const ringmaster = await supervise(t, inNamespace, config)
      await ringmaster.ready('web.1 \\|')
      t.match(statSync(path), { uid: 65_534, gid: 12_345 })
      t.match(await ask(path), /^\d+\n$/)
      ringmaster.signal('SIGTERM')
      t.match(await ringmaster.end(), { code: 0 })
      t.ok(existsSync(path), 'who gave root up cannot remove it')
    }
  },
)

t.test(
  'a port of root is there for a user, also when Ringmaster has given root up',
  { skip: needsRoot || needsNamespace },
  async (t) => {
    const port = await lowPort()
    const ringmaster = await supervise(t, inNamespace, {
      sockets: { web: { host: '127.0.0.1', port } },
      processes: { web: accept({ securityContext: { runAsUser: 65534 }, ...fast }) },
    })
    const pid = await ringmaster.ready('web.1 \\|')
    t.match(await ask(port), /^\d+\n$/)
    t.match(statusOf(pid, 'Uid'), /^65534\t65534/)
    t.match(statusOf(ringmaster.pid, 'Uid'), /^65534\t65534/)
    process.kill(pid, 'SIGKILL')
    await ringmaster.until(() => ringmaster.state(pid) === undefined)
    t.match(await ask(port), /^\d+\n$/, 'it is there for the next run')
  },
)

/** A port below 1024 that nobody has. */
async function lowPort(): Promise<number> {
  for (let port = 1023; port > 900; port--) {
    const server = createServer().listen(port, '127.0.0.1')
    const isFree = await Promise.race([
      once(server, 'listening').then(() => true),
      once(server, 'error').then(() => false),
    ])
    await new Promise((resolve) => server.close(resolve))
    if (isFree) return port
  }
  throw new Error('no port is free')
}
