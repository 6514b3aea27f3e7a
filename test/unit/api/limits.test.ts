import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { Server, Socket } from 'node:net'
import t, { type Test } from 'tap'
import { createFront, type Front } from '../../../src/api/front.ts'
import { createManualClock, type ManualClock } from '../../rig/manual-clock.ts'
import { RawClient } from '../../rig/raw-client.ts'
import { listenHere } from '../../rig/servers.ts'
import { until } from '../../rig/wait.ts'

const get = 'GET /livez HTTP/1.1\r\nHost: a\r\n\r\n'

interface Tried {
  readonly clock: ManualClock
  readonly front: Front
  /** Connects a client, and waits until the server has it. */
  client(): Promise<{ client: RawClient; peer: Socket }>
}

/** A server that answers "here", or as `answer` does. */
async function tried(
  t: Test,
  mostConnections = 512,
  answer = (response: ServerResponse): void => void response.end('here'),
): Promise<Tried> {
  const clock = createManualClock()
  const { fd, port } = await listenHere()
  const front = await createFront({ clock, mostConnections })
  const { server } = front
  front.takeOver((_request, response) => answer(response))
  const door = await front.letIn(fd)
  t.teardown(() => {
    door.close()
    server.closeAllConnections()
  })
  const client = async () => {
    const [[peer], client] = await Promise.all([
      once(server, 'connection') as Promise<[Socket]>,
      RawClient.connect(t, port),
    ])
    return { client, peer }
  }
  return { clock, front, client }
}

/** A client that has had its answer. */
async function answered({ client }: Tried): Promise<{ client: RawClient; peer: Socket }> {
  const one = await client()
  one.client.send(get)
  await one.client.receive('here')
  return one
}

t.test('a head has 10 s from the connection', async (t) => {
  for (const part of ['', 'GET /livez HTTP/1.1\r\nHost:']) {
    const { clock, client: connect } = await tried(t)
    const { client, peer } = await connect()
    if (part !== '') {
      client.send(part)
      await once(peer, 'data')
    }
    clock.advance(9999)
    t.equal(peer.destroyed, false)
    clock.advance(1)
    await client.closed()
    t.equal(client.text, '')
  }
})

t.test('a client that sends byte after byte gets no more time', async (t) => {
  const { clock, client: connect } = await tried(t)
  const { client, peer } = await connect()
  for (const byte of get.slice(0, 10)) {
    client.send(byte)
    await once(peer, 'data')
    clock.advance(999)
  }
  t.equal(peer.destroyed, false)
  clock.advance(10)
  await client.closed()
})

t.test('a connection is silent for 30 s at most', async (t) => {
  const all = await tried(t)
  const { client, peer } = await answered(all)
  all.clock.advance(29_999)
  t.equal(peer.destroyed, false)
  all.clock.advance(1)
  await client.closed()
})

t.test('the head of a later request has to come whole within these 30 s', async (t) => {
  const all = await tried(t)
  const { client, peer } = await answered(all)
  all.clock.advance(29_000)
  client.send('G')
  await once(peer, 'data')
  all.clock.advance(999)
  t.equal(peer.destroyed, false)
  all.clock.advance(1)
  await client.closed()
})

t.test('an answer has to be taken within 10 s', async (t) => {
  const { clock, client: connect } = await tried(t, 512, (response) => {
    response.end(Buffer.alloc(32 * 1024 * 1024))
  })
  const { client, peer } = await connect()
  client.socket.pause()
  client.send(get)
  await once(peer, 'data')
  clock.advance(9999)
  t.equal(peer.destroyed, false)
  clock.advance(1)
  t.equal(peer.destroyed, true)
})

t.test('every answer begins the times anew', async (t) => {
  const all = await tried(t)
  const { client, peer } = await answered(all)
  for (let count = 2; count < 6; count++) {
    all.clock.advance(29_000)
    client.send(get)
    await client.receive('here', count)
  }
  t.equal(peer.destroyed, false)
})

t.test('without a connection there is no timer', async (t) => {
  const all = await tried(t)
  t.equal(all.clock.nextAt(), Infinity)
  const { client, peer } = await answered(all)
  t.not(all.clock.nextAt(), Infinity)
  client.socket.destroy()
  await once(peer, 'close')
  t.equal(all.clock.nextAt(), Infinity)
})

t.test('for a new connection the one goes that is silent for longest', async (t) => {
  const all = await tried(t, 3)
  const { client: connect, clock } = all
  const first = await answered(all)
  clock.advance(1)
  const second = await connect()
  clock.advance(1)
  const third = await answered(all)
  clock.advance(1)
  first.client.send(get)
  await first.client.receive('here', 2)
  const fourth = await answered(all)
  await second.client.closed()
  const fifth = await answered(all)
  await third.client.closed()
  t.same(
    [first, fourth, fifth].map(({ peer }) => peer.destroyed),
    [false, false, false],
  )
})

t.test(
  'who waits for an answer stays, and where all do, the new one takes the place of the first',
  async (t) => {
    const waiting: ServerResponse[] = []
    const {
      clock,
      client: connect,
      front: { server },
    } = await tried(t, 2, (response) => waiting.push(response))
    const ask = async () => {
      const one = await connect()
      one.client.send(get)
      await once(server, 'request')
      clock.advance(1)
      return one
    }
    const first = await ask()
    const silent = await connect()
    const second = await ask()
    await silent.client.closed()
    t.equal(first.peer.destroyed, false)
    const third = await ask()
    await first.client.closed()
    for (const response of waiting) response.end('here')
    for (const { client } of [second, third]) await client.receive('here')
  },
)

t.test('when no client can be let in, the oldest silent one goes', async (t) => {
  const all = await tried(t)
  const { client, peer } = await answered(all)
  // Node.js' own name for the server that has let it in.
  const { _server: door } = peer as unknown as { _server: Server }
  door.emit('error', new Error('accept EMFILE'))
  await client.closed()
})

t.test('a request with a body is answered, and is the last one', async (t) => {
  const next = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n'
  for (const [rule, text] of [
    ['by length', `Content-Length: 4\r\n\r\nabcd${next}`],
    ['one that does not come', 'Content-Length: 1000000000\r\n\r\n'],
    ['in chunks', `Transfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n${next}`],
    ['without an end', 'Transfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n'],
    ['on demand', 'Expect: 100-continue\r\nContent-Length: 4\r\n\r\n'],
  ] as const) {
    const { client: connect } = await tried(t)
    const { client } = await connect()
    client.send(`GET /livez HTTP/1.1\r\nHost: a\r\n${text}`)
    await client.closed()
    t.match(client.text, /^HTTP\/1\.1 200 OK\r\nconnection: close\r\n.*here$/is, rule)
    t.equal(client.text.split('here').length, 2, rule)
  }
})

t.test('an empty body is none', async (t) => {
  const { client: connect } = await tried(t)
  const { client } = await connect()
  client.send('GET /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n').send(get)
  await client.receive('here', 2)
  t.equal(client.isClosed, false)
})

t.test('what is no request, or two at once, ends the connection', async (t) => {
  const rows: readonly (readonly [rule: string, text: string | Buffer, status: number | null])[] = [
    ['noise', '\u0000\u0001\u0002\r\n\r\n', 400],
    ['TLS', Buffer.from('16030100f5010000f10303', 'hex'), 400],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
    ['no host', 'GET / HTTP/1.1\r\n\r\n', 400],
    [
      'a length and chunks',
      'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
    [
      'two lengths',
      'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 4\r\n\r\nabcd',
      400,
    ],
    ['a folded header', 'GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n', 400],
    ['a NUL in a header', 'GET / HTTP/1.1\r\nHost: a\r\nX: \u0000\r\n\r\n', 400],
    ['a long path', `GET /${'a'.repeat(10_000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 431],
    ['a long header', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(10_000)}`, 431],
    ['many headers', `GET / HTTP/1.1\r\nHost: a\r\n${'X: a\r\n'.repeat(5000)}`, 431],
    ['a tunnel', 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n', null],
  ]
  const { client: connect } = await tried(t)
  for (const [rule, text, status] of rows) {
    const { client } = await connect()
    client.send(text)
    await client.closed()
    if (status === null) t.equal(client.text, '', rule)
    else
      t.match(
        client.text,
        new RegExp(`^HTTP/1\\.1 ${status} .*\\r\\n\\r\\n(0\\r\\n\\r\\n)?$`, 's'),
        rule,
      )
  }
})

t.test('a client may ask 64 times before it listens, and no more', async (t) => {
  const { client: connect } = await tried(t)
  const { client } = await connect()
  client.send(get.repeat(64))
  await client.receive('here', 64)
  const { client: other } = await connect()
  other.send(get.repeat(65))
  await other.closed()
})

t.test('who has closed its own half gets its answer', async (t) => {
  const { client: connect } = await tried(t)
  const { client } = await connect()
  client.socket.end(get)
  await client.closed()
  t.match(client.text, /here$/)
})

t.test('who is to go has its answer first, and the next one is the last', async (t) => {
  const waiting: ServerResponse[] = []
  const all = await tried(t, 512, (response) => void waiting.push(response))
  const idle = await all.client()
  idle.client.send(get)
  await until(() => waiting.length === 1)
  waiting.shift()?.end('here')
  await idle.client.receive('here')
  const busy = await all.client()
  busy.client.send(get)
  await until(() => waiting.length === 1)
  const silent = await all.client()
  all.front.retire()
  const late = await all.client()
  waiting.shift()?.end('here')
  await busy.client.receive('here')
  await busy.client.closed()
  idle.client.send(get)
  late.client.send(get)
  await until(() => waiting.length === 2)
  for (const response of waiting.splice(0)) response.end('there')
  await idle.client.receive('there')
  t.match(idle.client.text, /connection: close/i)
  await idle.client.closed()
  await late.client.receive('there')
  t.notMatch(late.client.text, /connection: close/i)
  all.clock.advance(10_000)
  await silent.client.closed()
  t.notOk(late.peer.destroyed)
})
