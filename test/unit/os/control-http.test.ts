import { spawnSync } from 'node:child_process'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { readControlHttp } from '../../../src/os/control-http.ts'
import type { ControlHttpSpec } from '../../../src/plan/plan.ts'
import { certificate } from '../../rig/certificate.ts'
import { folder } from '../../rig/supervise.ts'

const token = 'k'.repeat(32)

function write(t: Test, text: string, mode = 0o600): string {
  const path = join(folder(t), 'file')
  writeFileSync(path, text)
  chmodSync(path, mode)
  return path
}

function open(tokenFile: string, tls: ControlHttpSpec['tls'] = null) {
  return readControlHttp({ host: '127.0.0.1', port: 0, tokenFile, tls })
}

t.test('the token is what stands in its file, without the newline', async (t) => {
  for (const [text, mode] of [
    [token, 0o600],
    [`${token}\n`, 0o440],
    [`${token}==\r\n`, 0o400],
  ] as const) {
    const { token: read, tls } = await open(write(t, text, mode))
    t.equal(read, text.trim())
    t.equal(tls, null)
  }
})

t.test('a token that others know or could guess is refused, and never told', async (t) => {
  const fifo = join(folder(t), 'fifo')
  spawnSync('mkfifo', ['-m', '600', fifo])
  for (const [path, reason] of [
    [write(t, ''), /: it is empty; /],
    [write(t, ' \n'), /: it is empty; /],
    [write(t, token.slice(1)), /: its token has less than 32 characters; /],
    [write(t, 'k'.repeat(1025)), /: its token has more than 1024 characters$/],
    [write(t, `${token} x`), /: its token has characters that no bearer token has/],
    [write(t, 'k'.repeat(300_000)), /: it has more than 256 KiB$/],
    [write(t, token, 0o604), /: every user can read or change it \(mode 604\): chmod o-rw$/],
    [write(t, token, 0o602), /: every user can read or change it/],
    [fifo, /: it is no file$/],
    ['/dev/null', /: it is no file$/],
    [folder(t), /: it is no file$/],
    ['/nowhere/token', /: there is no such file$/],
  ] as const) {
    const error = await open(path).catch((error) => error)
    t.match(error, { code: 'START_REFUSED', message: reason }, `${reason}`)
    t.ok(error.message.startsWith(`cannot use control.http.tokenFile ${path}: `), error.message)
    t.notMatch(error.message, /kkk/)
  }
})

t.test('certificates and keys are looked at before anything starts', async (t) => {
  const tokenFile = write(t, token)
  const [certFile, keyFile] = [write(t, certificate.cert, 0o644), write(t, certificate.key)]
  const { tls } = await open(tokenFile, { certFile, keyFile, clientCaFile: certFile })
  t.same(tls, { ...certificate, clientCa: certificate.cert })
  const none = write(t, 'nothing', 0o644)
  for (const [files, reason] of [
    [{ certFile: none }, /certFile .*: .*no start line/],
    [{ keyFile: none }, /keyFile .*: every user can read or change it \(mode 644\)/],
    [{ keyFile: write(t, 'nothing') }, /keyFile .*: ./],
    [{ clientCaFile: none }, /clientCaFile .*: .*no start line/],
    [{ clientCaFile: '/nowhere' }, /clientCaFile \/nowhere: there is no such file/],
  ] as const) {
    await t.rejects(
      open(tokenFile, { certFile, keyFile, clientCaFile: null, ...files }),
      { code: 'START_REFUSED', message: reason },
      `${reason}`,
    )
  }
})
