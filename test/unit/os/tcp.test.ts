import { closeSync } from 'node:fs'
import t from 'tap'
import { listen as begin, bindTcp, covers, listenTcp } from '../../../src/os/tcp.ts'
import { ask } from '../../rig/clients.ts'

const ways = { isBlocking: true, reusesPort: false }
const listen = (host: string, port: number) => listenTcp({ host, port, ...ways }, 1, 'Do this')

t.test('an address in use is refused with what to do', async (t) => {
  const { fd, port } = await listen('127.0.0.1', 0)
  t.teardown(() => closeSync(fd))
  await t.rejects(listen('127.0.0.1', port), {
    code: 'START_REFUSED',
    message: `cannot listen on 127.0.0.1:${port}: address in use. Do this`,
  })
})

t.test('an address that is not ours is refused, and a name that nobody has', async (t) => {
  const code = 'START_REFUSED'
  await t.rejects(listen('192.0.2.1', 0), {
    code,
    message: 'cannot listen on 192.0.2.1:0: this machine has no such address. Do this',
  })
  await t.rejects(listen('2001:db8::1', 80), {
    code,
    message: /^cannot listen on \[2001:db8::1\]:80: /,
  })
  await t.rejects(listen('no.such.name.invalid', 0), {
    code,
    message: /^cannot listen on no\.such\.name\.invalid:0: /,
  })
})

t.test('a name is looked up', async (t) => {
  const { fd, port, host } = await listen('localhost', 0)
  t.ok(port > 0)
  t.match(host, /^(127\.0\.0\.1|::1)$/)
  closeSync(fd)
})

t.test('an address overlaps one of our own, and nobody connects before it listens', async (t) => {
  for (const [own, other] of [
    ['0.0.0.0', '127.0.0.1'],
    ['127.0.0.1', '0.0.0.0'],
  ] as const) {
    const one = await listen(own, 0)
    const request = { host: other, port: one.port, ...ways }
    const rival = { code: 'START_REFUSED', cause: { code: 'EADDRINUSE' } }
    await t.rejects(bindTcp(request, 'Do this'), rival, 'of somebody else')
    const two = await bindTcp(request, 'Do this', [one])
    const alone = await bindTcp({ ...request, port: 0 }, 'Do this')
    await t.rejects(ask(alone.port), { code: 'ECONNREFUSED' })
    closeSync(alone.fd)
    t.notSame(two.fd, one.fd)
    t.equal(await bindTcp({ ...request, host: own }, 'Do this', [one, two]), one, 'itself')
    begin(two, 1, 'Do this', [one, two])
    await t.rejects(bindTcp(request, 'Do this'), rival, 'the port is ours alone again')
    for (const { fd } of [one, two]) closeSync(fd)
  }
})

t.test('a wide address covers those of its kind, and :: all of them', async (t) => {
  const at = (host: string, port = 1) => ({ fd: 0, host, port })
  const wider = [
    ...(['::', '0.0.0.0', '::1', '127.0.0.1'] as const).map((host) => ['::', host] as const),
    ...(['0.0.0.0', '127.0.0.1'] as const).map((host) => ['0.0.0.0', host] as const),
    ['127.0.0.1', '127.0.0.1'] as const,
  ]
  for (const one of ['::', '0.0.0.0', '127.0.0.1']) {
    for (const two of ['::', '0.0.0.0', '::1', '127.0.0.1']) {
      const expected = wider.some(([wide, narrow]) => wide === one && narrow === two)
      t.equal(covers(at(one), at(two)), expected, `${one} ${two}`)
      t.notOk(covers(at(one), at(two, 2)))
    }
  }
})
