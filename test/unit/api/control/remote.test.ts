import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import t, { type Test } from 'tap'
import { createRemote } from '../../../../src/api/control/remote.ts'
import { letIn } from '../../../../src/api/let-in.ts'
import { certificate } from '../../../rig/certificate.ts'
import { createManualClock } from '../../../rig/manual-clock.ts'
import { listenHere } from '../../../rig/servers.ts'
import { until } from '../../../rig/wait.ts'

const token = 'right'.repeat(10)

async function serve(t: Test, tls: 'tls' | 'plain' = 'plain') {
  const clock = createManualClock()
  const notes: string[] = []
  const admitted: string[] = []
  const remote = createRemote({
    clock,
    note: (_, message) => notes.push(message),
    answer: (_, response) => response.end('done'),
    admit: (_, { address }) => admitted.push(address),
  })
  const http = { host: 'Control.test', token, tls: null }
  const secure = { ...http, tls: { ...certificate, clientCa: null } }
  await remote.ask(tls === 'tls' ? secure : http)
  const { fd, port } = await listenHere()
  const door = await letIn(fd, remote)
  t.teardown(() => door.close())
  const dial = async (): Promise<Socket> => {
    const socket =
      tls === 'tls'
        ? connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
        : connect(port, '127.0.0.1')
    t.teardown(() => socket.destroy())
    socket.on('error', () => {})
    await once(socket, tls === 'tls' ? 'secureConnect' : 'connect')
    return socket
  }
  const ask = async (headers: Record<string, string>): Promise<IncomingMessage> => {
    const sent = request({ port, host: '127.0.0.1', agent: false, headers })
    sent.end()
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    response.resume()
    return response
  }
  return { clock, notes, admitted, dial, ask, remote, http }
}

const bearer = (text: string) => ({ authorization: `Bearer ${text}` })
const head = (text: string) =>
  `GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${text}\r\n\r\n`

/** All that comes until the end. */
async function rest(socket: Socket): Promise<string> {
  let text = ''
  socket.on('data', (part) => {
    text += part
  })
  await once(socket, 'close')
  return text
}

t.test('who knows the token is let in; who shows none is told so', async (t) => {
  const { ask, admitted } = await serve(t)
  t.equal((await ask(bearer(token))).statusCode, 200)
  t.equal((await ask({ authorization: `bearer  ${token} ` })).statusCode, 200)
  t.same(admitted, ['127.0.0.1', '127.0.0.1'])
  for (const headers of [{}, { authorization: '' }, { authorization: `Basic ${token}` }]) {
    const { statusCode, headers: told } = await ask(headers)
    t.equal(statusCode, 401)
    t.match(told, { 'www-authenticate': 'Bearer', connection: 'close' })
  }
  t.equal(admitted.length, 2)
})

t.test('a wrong token waits for its answer, and ends its connection', async (t) => {
  const { clock, dial, admitted, notes } = await serve(t)
  const socket = await dial()
  socket.write(head(`${token}x`))
  await until(() => notes.length === 1)
  clock.advance(999)
  t.equal(socket.bytesRead, 0)
  clock.advance(1)
  t.match(await rest(socket), /^HTTP\/1.1 401 .*"code":"NO_TOKEN"/s)
  // What comes behind it is not looked at, right or wrong.
  const second = await dial()
  second.write(head(token.slice(1)) + head(token))
  t.equal(await rest(second), '')
  t.same(admitted, [])
})

t.test('web pages are refused, whatever they know', async (t) => {
  const { ask } = await serve(t)
  for (const [headers, status] of [
    [{ host: 'localhost:9100' }, 200],
    [{ host: 'LOCALHOST' }, 200],
    [{ host: '127.0.0.1:1' }, 200],
    [{ host: '[::1]:9100' }, 200],
    [{ host: 'control.test' }, 200],
    [{ host: 'evil.test' }, 403],
    [{ host: 'control.test.evil.test:80' }, 403],
    [{ host: '127.0.0.1.evil.test' }, 403],
    [{ host: '[evil.test]' }, 403],
    [{ host: 'localhost', origin: 'http://localhost' }, 403],
    [{ host: 'localhost', origin: 'null' }, 403],
  ] as const) {
    const { statusCode, headers: told } = await ask({ ...bearer(token), ...headers })
    t.equal(statusCode, status, JSON.stringify(headers))
    t.notOk(Object.keys(told).some((name) => name.startsWith('access-control-')))
  }
})

for (const way of ['plain', 'tls'] as const) {
  t.test(`${way}: strangers neither keep others out nor end their connections`, async (t) => {
    const { clock, dial } = await serve(t, way)
    const guest = await dial()
    guest.write(head(token))
    await once(guest, 'data')
    const silent: Socket[] = []
    for (let count = 0; count < 60; count++) silent.push(await dial())
    const late = await dial()
    late.write(head(token))
    t.match(String((await once(late, 'data'))[0]), /^HTTP\/1.1 200/)
    await until(() => silent.filter((socket) => socket.closed).length >= 60 - 32)
    clock.advance(10_000)
    await until(() => silent.every((socket) => socket.closed))
    guest.write(head(token))
    t.match(String((await once(guest, 'data'))[0]), /^HTTP\/1.1 200/)
  })
}

t.test('of many wrong tokens a few wait, and the log has one line a minute', async (t) => {
  const { clock, dial, notes, ask } = await serve(t)
  const guesses: Socket[] = []
  for (let count = 0; count < 20; count++) {
    const socket = await dial()
    socket.write(head(`wrong${count}`))
    guesses.push(socket)
  }
  await until(() => guesses.filter((socket) => socket.closed).length === 4)
  t.equal((await ask(bearer(token))).statusCode, 200)
  const answers = Promise.all(guesses.filter((socket) => !socket.closed).map(rest))
  clock.advance(1000)
  for (const answer of await answers) t.match(answer, /^HTTP\/1.1 401/)
  t.same(notes, ['control over TCP: a wrong token from 127.0.0.1'])
  clock.advance(60_000)
  const socket = await dial()
  socket.write(head('again'))
  await until(() => notes.length === 2)
  t.equal(notes[1], 'control over TCP: 20 wrong tokens, the last from 127.0.0.1')
})

t.test(
  'another token is asked for at once, and another certificate of who comes then',
  async (t) => {
    const { ask, dial, remote, http } = await serve(t)
    const early = await dial()
    await remote.ask({ ...http, token: 'other'.repeat(10) })
    early.write(head('other'.repeat(10)))
    t.match(String((await once(early, 'data'))[0]), /^HTTP\/1.1 200/)
    t.equal((await ask(bearer('other'.repeat(10)))).statusCode, 200)
    const stranger = await dial()
    stranger.write('GET / HTTP/1.1\r\n')
    remote.retire()
    stranger.write(`Host: localhost\r\nAuthorization: Bearer ${'other'.repeat(10)}\r\n\r\n`)
    t.match(await rest(stranger), /^HTTP\/1.1 200 .*connection: close/is)

    await remote.ask({ ...http, tls: { ...certificate, clientCa: null } })
    const secure = connectTls({
      port: early.remotePort ?? 0,
      host: '127.0.0.1',
      rejectUnauthorized: false,
    })
    t.teardown(() => secure.destroy())
    await once(secure, 'secureConnect')
    secure.write(head(token))
    t.match(String((await once(secure, 'data'))[0]), /^HTTP\/1.1 200/)
  },
)
