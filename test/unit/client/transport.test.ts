import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { RingmasterClient } from '../../../src/client/client.ts'

t.test('an answer that breaks off is a connection that was lost', async (t) => {
  const client = await clientOf(t, (socket) => {
    socket.write(`${head(100)}[{"na`, () => socket.destroy())
  })
  const lost = { code: 'UNREACHABLE', message: /^lost the connection/ }
  await t.rejects(client.status(), lost)
  await t.rejects(client.wait(['web'], 'ready'), lost)
})

t.test('what does not speak HTTP, or no JSON, is not Ringmaster', async (t) => {
  for (const answer of [
    '+PONG\r\n',
    `${head(5)}hello`,
    `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(99_999)}`,
  ]) {
    const client = await clientOf(t, (socket) => socket.end(answer))
    const foreign = { code: 'REQUEST_FAILED', message: /^not an answer of Ringmaster: / }
    await t.rejects(client.status(), foreign, answer.slice(0, 20))
    await t.rejects(all(client.logs()), foreign, answer.slice(0, 20))
  }
})

t.test(
  'who is asked to answer within a time, and says nothing, is not waited for much longer',
  async (t) => {
    const client = await clientOf(t, () => {})
    const silent = { code: 'UNREACHABLE', message: /^no answer of .* within 2 s/ }
    await Promise.all([
      t.rejects(client.wait(['web'], 'ready', { timeoutSeconds: 0.01 }), silent),
      t.rejects(client.rollouts(['web'], 0.01), silent),
    ])
  },
)

t.test('a time that is longer than a timer can be is not over at once', async (t) => {
  const client = await clientOf(t, (socket) => {
    setTimeout(() => socket.end(`${head(2)}{}`), 50)
  })
  await t.resolves(client.wait(['web'], 'ready', { timeoutSeconds: 9_999_999 }))
})

function head(length: number): string {
  return `HTTP/1.1 200 OK\r\ncontent-length: ${length}\r\n\r\n`
}

/** A client of somebody who does `answer` at each request. */
async function clientOf(t: Test, answer: (socket: Socket) => void): Promise<RingmasterClient> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('data', () => answer(socket))
  })
  // A path of a socket has to be short.
  const folder = mkdtempSync(join(tmpdir(), 'client-'))
  const path = join(folder, 'socket')
  await new Promise<void>((resolve) => server.listen(path, resolve))
  t.teardown(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
    rmSync(folder, { recursive: true })
  })
  return new RingmasterClient({ socket: path })
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of items) list.push(item)
  return list
}
