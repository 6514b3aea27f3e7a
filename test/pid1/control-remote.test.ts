import { spawnSync } from 'node:child_process'
import { chmodSync, writeFileSync } from 'node:fs'
import { get } from 'node:https'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { certificate } from '../rig/certificate.ts'
import { command } from '../rig/control.ts'
import { alone, ways } from '../rig/ringmaster.ts'
import { folder, script, supervise } from '../rig/supervise.ts'

const token = 'a-token-of-a-test.'.repeat(3)
const sleeper = script('exec sleep 1000')

function files(t: Test) {
  const place = folder(t)
  const write = (name: string, text: string, mode: number) => {
    writeFileSync(join(place, name), text)
    chmodSync(join(place, name), mode)
    return join(place, name)
  }
  return {
    socket: join(place, 'socket'),
    tokenFile: write('token', `${token}\n`, 0o600),
    wrongFile: write('wrong', `${token}x`, 0o600),
    certFile: write('cert', certificate.cert, 0o644),
    keyFile: write('key', certificate.key, 0o600),
  }
}

for (const { way, start, skip } of ways) {
  t.test(`${way}: commands come in over TCP, too, with the token`, { skip }, async (t) => {
    const { socket, tokenFile, wrongFile } = files(t)
    const ringmaster = await supervise(t, start, {
      // Where the socket cannot be had, TCP goes on.
      control: { http: { port: 0, tokenFile } },
      processes: { web: sleeper },
    })
    const [, url = ''] = await ringmaster.line(/control: (http:\S+:\d+)/)
    const at = (file: string) => ['--url', url, '--token-file', file]
    t.match(command(['status', ...at(tokenFile)]), { code: 0, stdout: /web.1 +running/ })
    t.match(command(['restart', 'web', ...at(tokenFile)]), { code: 0, stdout: /web.1 +running/ })
    await ringmaster.line(/restart of web.1, asked for by token from 127\.0\.0\.1/)
    const env = { RINGMASTER_URL: url, RINGMASTER_TOKEN_FILE: tokenFile }
    t.match(command(['status'], [], env), { code: 0, stdout: /web.1/ })
    t.match(command(['status', '--socket', socket], [], env), { code: 2, stderr: /no such socket/ })
    t.match(command(['status', ...at(wrongFile)]), {
      ...{ code: 1, stdout: '', stderr: 'ringmaster: the bearer token is wrong\n' },
    })
    t.match(command(['shutdown', ...at(tokenFile)]), { code: 0 })
    t.match(await ringmaster.exit(), { code: 0 })
    t.match(command(['status', ...at(tokenFile)]), { code: 2, stderr: /nobody listens/ })
    t.notMatch(ringmaster.stderr + ringmaster.stdout, token)
  })
}

t.test('with TLS, and for clients with a certificate alone', async (t) => {
  const { tokenFile, certFile, keyFile, socket } = files(t)
  const ringmaster = await supervise(t, alone, {
    control: {
      socket,
      http: { port: 0, tokenFile, tls: { certFile, keyFile, clientCaFile: certFile } },
    },
    processes: { web: sleeper },
  })
  const [, port = ''] = await ringmaster.line(/control: https:\/\/127\.0\.0\.1:(\d+)/)
  // By a name that is in the certificate.
  const ask = (host: string, ...more: string[]) =>
    command(['status', '--url', `https://${host}:${port}`, '--token-file', tokenFile, ...more])
  const own = ['--cert-file', certFile, '--key-file', keyFile]
  t.match(ask('127.0.0.1', ...own), { code: 2, stderr: /Name the CA/ })
  t.match(ask('127.0.0.1', '--ca-file', certFile, ...own), { code: 2, stderr: /for other names/ })
  await t.rejects(askAsTest({}), /certificate required/)
  t.equal(await askAsTest(certificate), 200)
  t.match(command(['status', '--socket', socket]), { code: 0 })

  /** The status of an answer. */
  function askAsTest(own: { readonly cert?: string; readonly key?: string }): Promise<unknown> {
    const headers = { host: 'test', authorization: `Bearer ${token}` }
    return new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port, servername: 'test', agent: false, headers }
      get({ ...options, ca: certificate.cert, ...own, path: '/v1/processes' }, (response) => {
        response.resume()
        resolve(response.statusCode)
      }).on('error', reject)
    })
  }
})

t.test('a token that others can read ends the start, and leaves nothing behind', async (t) => {
  const { tokenFile, socket } = files(t)
  chmodSync(tokenFile, 0o644)
  const ringmaster = await supervise(t, alone, {
    control: { socket, http: { port: 0, tokenFile } },
    processes: { web: sleeper },
  })
  const { code, stderr } = await ringmaster.end()
  t.equal(code, 78)
  t.match(stderr, /cannot use control\.http\.tokenFile .*: every user can read or change it/)
  t.equal(spawnSync('test', ['-e', socket]).status, 1)
})

t.test(
  'the token may be root’s alone, whoever Ringmaster becomes',
  { skip: process.getuid?.() !== 0 && 'not root' },
  async (t) => {
    const { tokenFile } = files(t)
    const look = script(`cat ${tokenFile} || echo hidden; exec sleep 1000`)
    const ringmaster = await supervise(t, alone, {
      control: { http: { port: 0, tokenFile } },
      processes: { web: { ...look, securityContext: { runAsUser: 54321 } } },
    })
    const [, url = ''] = await ringmaster.line(/control: (http:\S+:\d+)/)
    await ringmaster.line(/web.1 \| hidden/)
    t.match(command(['status', '--url', url, '--token-file', tokenFile]), { code: 0 })
  },
)
