import { closeSync } from 'node:fs'
import t from 'tap'
import { native } from '../../../src/os/native.ts'
import { listenTcp } from '../../../src/os/tcp.ts'

const ways = { backlog: 1, isBlocking: true, reusesPort: false }
const listen = (host: string, port: number) => listenTcp({ host, port, ...ways }, 'Do this')

t.test('an address in use is refused with what to do', async (t) => {
  const fd = await listen('127.0.0.1', 0)
  t.teardown(() => closeSync(fd))
  const port = native().portOf(fd)
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
  const fd = await listen('localhost', 0)
  t.ok(native().portOf(fd) > 0)
  closeSync(fd)
})
