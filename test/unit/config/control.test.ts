import t from 'tap'
import { parseConfig } from '../../../src/config/load.ts'
import { problemsIn } from '../../rig/problems.ts'

const problems = (http: string) =>
  problemsIn(
    parseConfig(`control: {http: ${http}}\nprocesses: {p: {command: a}}`, 'f', { env: {} }),
  )
const usual = 'port: 1, tokenFile: t'

t.test(
  'control over TCP takes a port and a token, and TLS a certificate and its key',
  async (t) => {
    t.same(await problems(`{${usual}}`), [])
    t.same(await problems('{}'), [
      'f:1:11: control.http.port: missing; needed: a whole number from 0 to 65535',
      'f:1:11: control.http.tokenFile: missing; needed: a path',
    ])
    t.same(await problems(`{${usual}, tls: {clientCaFile: c}}`), [
      'f:1:41: control.http.tls.certFile: missing; needed: a path',
      'f:1:41: control.http.tls.keyFile: missing; needed: a path',
    ])
  },
)

t.test('without TLS it listens where nobody else can read the token', async (t) => {
  for (const host of ['127.0.0.1', '127.9.9.9', '"::1"', 'localhost']) {
    t.same(await problems(`{${usual}, host: ${host}}`), [], host)
  }
  for (const host of ['0.0.0.0', '"::"', '10.0.0.1', '127.evil.test', 'web']) {
    t.match(
      await problems(`{${usual}, host: ${host}}`),
      [/^f:1:47: control\.http\.host: found .*; needed: tls, or host 127\.0\.0\.1$/],
      host,
    )
    const tls = 'tls: {certFile: c, keyFile: k}'
    t.same(await problems(`{${usual}, host: ${host}, ${tls}}`), [], host)
  }
})

t.test('a socket cannot listen where commands come in', async (t) => {
  const text = `control: {http: {${usual}}}\nsockets: {a: {host: 0.0.0.0, port: 1}}\nprocesses: {p: {command: a}}`
  t.same(await problemsIn(parseConfig(text, 'f', { env: {} })), [
    'f:2:36: sockets.a.port: control.http listens there already',
  ])
})
