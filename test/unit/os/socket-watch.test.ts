import { once } from 'node:events'
import { closeSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import t, { type Test } from 'tap'
import { createSocketWatch } from '../../../src/os/socket-watch.ts'
import { listenHere } from '../../rig/servers.ts'
import { until } from '../../rig/wait.ts'

async function listen(t: Test): Promise<{ fd: number; client: () => Promise<void> }> {
  const { fd, port } = await listenHere(true)
  const clients = new Set<ReturnType<typeof connect>>()
  t.teardown(() => {
    for (const client of clients) client.destroy()
    closeSync(fd)
  })
  const client = async () => {
    const socket = connect(port, '127.0.0.1')
    // Who never was accepted is reset when nobody listens any more.
    socket.on('error', () => {})
    clients.add(socket)
    await once(socket, 'connect')
  }
  return { fd, client }
}

t.test('a connection that nobody accepts is told once, and again to who asks again', async (t) => {
  const { fd, client } = await listen(t)
  const sockets = createSocketWatch([{ name: 'web', fd }])
  let count = 0
  const told = new Promise<void>((resolve) => sockets.watch(['web'], () => resolve(void count++)))
  t.equal(count, 0)
  await client()
  await told
  await client()
  await new Promise<void>((resolve) => sockets.watch(['web'], resolve))
  t.equal(count, 1)
  const [, flags] = /^flags:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8')) ?? []
  t.equal(Number.parseInt(flags ?? '', 8) & 0o4000, 0, 'it stays blocking')
})

t.test('of several sockets the first connection counts, for all who watch', async (t) => {
  const [one, two] = [await listen(t), await listen(t)]
  const sockets = createSocketWatch([
    { name: 'one', fd: one.fd },
    { name: 'two', fd: two.fd },
  ])
  const heard: string[] = []
  sockets.watch(['one', 'two'], () => heard.push('both'))
  const late = new Promise<void>((resolve) => sockets.watch(['one'], resolve))
  sockets.watch(['two'], () => heard.push('two'))
  const cancel = sockets.watch(['two'], () => heard.push('cancelled'))
  cancel()
  cancel()
  await two.client()
  await until(() => heard.length > 1)
  t.same(heard, ['both', 'two'])
  await one.client()
  await late
  t.same(heard, ['both', 'two'])
})

t.test('what is called off is not told', async (t) => {
  const { fd, client } = await listen(t)
  const sockets = createSocketWatch([{ name: 'web', fd }])
  let isTold = false
  sockets.watch(['web'], () => (isTold = true))()
  await client()
  await new Promise<void>((resolve) => sockets.watch(['web'], resolve))
  t.notOk(isTold)
})

t.test('more sockets at once than one look takes', async (t) => {
  const all = await Promise.all(Array.from({ length: 40 }, () => listen(t)))
  const sockets = createSocketWatch(all.map(({ fd }) => ({ name: `${fd}`, fd })))
  const told = all.map(({ fd }) => new Promise<void>((done) => sockets.watch([`${fd}`], done)))
  await Promise.all(all.map(({ client }) => client()))
  await Promise.all(told)
  t.pass()
})

t.test('what is no socket that can be watched is an error', async (t) => {
  const sockets = createSocketWatch([{ name: 'none', fd: 9999 }])
  t.throws(() => sockets.watch(['none'], () => {}), { message: 'cannot watch a descriptor: EBADF' })
})
