import t from 'tap'
import { createAnswer } from '../../../src/probes/http-answer.ts'

const ok = 'HTTP/1.1 200 OK\r\n'

t.test('an answer is whole when its head says so, however it comes in pieces', async (t) => {
  for (const [text, status] of [
    [`${ok}Content-Length: 3\r\n\r\nabc`, 200],
    [`${ok}content-length:0\r\n\r\n`, 200],
    ['HTTP/1.1 204 No Content\r\n\r\n', 204],
    ['HTTP/1.1 200 OK\nContent-Length: 3\n\nabc', 200],
    ['HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n', 304],
    ['HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n', 101],
    [`${ok}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n`, 200],
    [`${ok}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\nTrailer: a\r\n\r\n`, 200],
    [
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nA: b\r\n\r\nHTTP/1.0 503\r\nContent-Length: 0\r\n\r\n',
      503,
    ],
  ] as const) {
    for (const size of [1, 7, text.length]) {
      const answer = createAnswer()
      for (let at = 0; at < text.length; at += size) {
        t.equal(answer.result, null, `${text}: to be continued at ${at}`)
        answer.push(text.slice(at, at + size))
      }
      t.match(answer.result, { status }, text)
    }
  }
})

t.test('without a length the end of the connection ends the answer', async (t) => {
  const answer = createAnswer()
  answer.push(`${ok}A: b\r\n\r\nabc`)
  t.equal(answer.result, null)
  answer.end(undefined)
  t.match(answer.result, { status: 200 })
})

t.test('no more than 10 KiB of a body are waited for', async (t) => {
  for (const head of ['', 'Content-Length: 1000000\r\n', 'Transfer-Encoding: chunked\r\n']) {
    const answer = createAnswer()
    answer.push(`${ok}${head}\r\n${'x'.repeat(10_239)}`)
    t.equal(answer.result, null)
    answer.push('x')
    t.match(answer.result, { status: 200 }, head)
  }
})

t.test('what is no answer, or not all of one, is told in words', async (t) => {
  for (const [text, problem, expected] of [
    ['', undefined, 'no answer'],
    ['', 'connection reset', 'connection reset'],
    ['HTTP/1.', undefined, 'answer cut off'],
    [`${ok}Content-Length: 3\r\n\r\nab`, undefined, 'answer cut off'],
    [`${ok}Content-Length: 3\r\n\r\nab`, 'connection reset', 'connection reset'],
    [`${ok}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n`, undefined, 'answer cut off'],
    [`${ok}\r\nab`, 'connection reset', 'connection reset'],
  ] as const) {
    const answer = createAnswer()
    if (text !== '') answer.push(text)
    t.equal(answer.result, null)
    answer.end(problem)
    t.equal(answer.result, expected, text)
  }
  for (const text of [
    'S',
    '\x15\x03\x01',
    'HTTP/2',
    'HTTP/1.1 20\r\n\r\n',
    'HTTP/1.1 2000\r\n\r\n',
    '\r\n\r\n',
  ]) {
    const answer = createAnswer()
    answer.push(text)
    t.equal(answer.result, 'answer is not HTTP', text)
  }
  const answer = createAnswer()
  answer.push(`${ok}A: ${'x'.repeat(16_384)}`)
  t.equal(answer.result, 'HTTP head of more than 16384 bytes')
})

t.test('the location is that of the answer itself', async (t) => {
  const answer = createAnswer()
  answer.push(
    'HTTP/1.1 100 C\r\nLocation: /no\r\n\r\nHTTP/1.1 302 F\r\nlocation:  /a b \r\nContent-Length: 0\r\n\r\n',
  )
  t.same(answer.result, { status: 302, location: '/a b' })
  const other = createAnswer()
  other.push('HTTP/1.1 300 C\r\nX-Location: /no\r\nContent-Length: 0\r\n\r\n')
  t.same(other.result, { status: 300, location: '' })
})
