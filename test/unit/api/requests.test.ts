import t from 'tap'
import { get, tried } from '../../rig/front.ts'

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
