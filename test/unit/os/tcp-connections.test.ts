import { closeSync, readdirSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { constants } from 'node:os'
import t, { type Test } from 'tap'
import { native } from '../../../src/os/native.ts'
import { tcp } from '../../../src/os/tcp-connections.ts'
import type { TcpConnection } from '../../../src/ports/tcp.ts'
import { stayAlive } from '../../rig/pipes.ts'
import { freePort } from '../../rig/servers.ts'
import { until } from '../../rig/wait.ts'

stayAlive(t)

/** The port of a server that does `serve` with each connection. */
async function listen(t: Test, serve: (socket: Socket) => void, host = '127.0.0.1') {
  const server = createServer((socket) => serve(socket.on('error', () => {})))
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  t.teardown(() => void server.close())
  return (server.address() as AddressInfo).port
}

/** What is told of a connection, in order. */
function begin(port: number, open: (connection: TcpConnection) => void, host = '127.0.0.1') {
  const told: string[] = []
  let hasReturned = false
  const note = (word: string) => told.push(hasReturned ? word : `too early: ${word}`)
  const connection = tcp.connect(host, port, {
    open() {
      note('open')
      open(connection)
    },
    data: (text) => note(text),
    end: (code) => note(`end ${code}`),
  })
  hasReturned = true
  return { connection, told, isOver: () => told.some((word) => word.startsWith('end')) }
}

const openFiles = () => readdirSync('/proc/self/fd').length

t.test('what is sent arrives, what comes back is told, and the end of it', async (t) => {
  for (const host of ['127.0.0.1', '::1']) {
    const echo = (socket: Socket) => socket.on('data', (bytes) => socket.end(bytes))
    const port = await listen(t, echo, host)
    const { told, isOver } = begin(port, (c) => c.send(Buffer.from('é', 'latin1')), host)
    await until(isOver)
    t.same(told, ['open', 'é', 'end null'], host)
  }
})

t.test('what is more than the kernel takes at a time arrives whole and in order', async (t) => {
  const bytes = Buffer.alloc(16 << 20, '0123456789')
  const received: Buffer[] = []
  const port = await listen(t, (socket) => {
    socket.pause()
    setTimeout(() => socket.resume(), 50)
    socket.on('data', (part) => received.push(part))
    socket.on('end', () => socket.end())
  })
  const { connection } = begin(port, (c) => c.send(bytes))
  await until(() => received.reduce((sum, { length }) => sum + length, 0) === bytes.length)
  connection.close()
  t.ok(Buffer.concat(received).equals(bytes))
})

t.test('an answer in many parts is told until its end', async (t) => {
  const port = await listen(t, (socket) => {
    let parts = 0
    const more = () => (parts++ < 50 ? socket.write('x'.repeat(1000), more) : socket.end())
    more()
  })
  const { told, isOver } = begin(port, (c) => c.send(Buffer.from('?')))
  await until(isOver)
  t.equal(told.slice(1, -1).join(''), 'x'.repeat(50_000))
})

t.test('why it fails is told, once and not too early', async (t) => {
  const port = await freePort()
  const before = openFiles()
  for (const [host, to, code] of [
    ['127.0.0.1', port, 'ECONNREFUSED'],
    ['::1', port, 'ECONNREFUSED'],
    ['255.255.255.255', 80, 'ENETUNREACH'],
    ['localhost', port, 'EINVAL'],
  ] as const) {
    const { told, isOver } = begin(to, () => t.fail('open'), host)
    await until(isOver)
    t.same(told, [`end ${code}`], host)
  }
  t.equal(openFiles(), before)
})

t.test('a connection that is reset says so, whoever writes to it', async (t) => {
  const port = await listen(t, (socket) => socket.resetAndDestroy())
  for (let i = 0; i < 20; i++) {
    const seen = begin(port, (c) => setTimeout(() => c.send(Buffer.from('?')), i))
    await until(seen.isOver)
    t.match(seen.told.at(-1), /^end (ECONNRESET|EPIPE)$/)
  }
})

t.test('of one that was closed nothing is told, at whatever time that was', async (t) => {
  const port = await listen(t, (socket) => socket.resume().write('hello'))
  const refusing = await freePort()
  const before = openFiles()
  for (const to of [port, refusing, -1]) {
    const seen = begin(Math.max(0, to), () => t.fail('open'), to < 0 ? 'no address' : '127.0.0.1')
    seen.connection.close()
    seen.connection.close()
    await new Promise((resolve) => setTimeout(resolve, 20))
    t.same(seen.told, [])
  }
  const opened = begin(port, (c) => c.close())
  await until(() => opened.told.length > 0)
  const read = begin(port, (c) => c.send(Buffer.from('?')))
  await until(() => read.told.includes('hello'))
  read.connection.close()
  await new Promise((resolve) => setTimeout(resolve, 20))
  t.same([opened.told, read.told], [['open'], ['open', 'hello']])
  await until(() => openFiles() <= before)
})

t.test('one that the kernel has connected to itself is refused', async (t) => {
  const { ECONNREFUSED } = constants.errno
  const [host, some] = ['127.0.0.1', await freePort()]
  const portOf = (fd: number) => {
    const address = native().addressOf(fd)
    return typeof address === 'number' ? 0 : address[1]
  }
  const first = native().connectTcp(host, some)
  // The kernel goes through every other port, one connection after the other.
  const target = portOf(first) - 200
  closeSync(first)
  let own = -1
  for (let i = 0; i < 200_000 && own < 0; i++) {
    const fd = native().connectTcp(host, target)
    if (portOf(fd) === target) own = fd
    else closeSync(fd)
  }
  t.ok(own >= 0, 'it happens')
  t.equal(native().connectedTcp(own), -ECONNREFUSED)
  closeSync(own)
})
