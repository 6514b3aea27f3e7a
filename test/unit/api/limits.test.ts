import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { Server } from 'node:net'
import t from 'tap'
import { answered, get, tried } from '../../rig/front.ts'
import { until } from '../../rig/wait.ts'

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
