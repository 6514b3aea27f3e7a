import {
  chmodSync,
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openSockets } from '../../../src/os/sockets.ts'
import type { SocketSpec, UnixSocketSpec } from '../../../src/plan/plan.ts'
import { folder } from '../../rig/supervise.ts'

const tcp = (name: string, port: number): SocketSpec => ({
  ...{ kind: 'tcp', name, host: '127.0.0.1', port, backlog: 5, reusesPort: false },
})
const unix = (path: string, given: Partial<UnixSocketSpec> = {}): SocketSpec => ({
  ...{ kind: 'unix', name: 'web', path, mode: 0o660, user: null, group: null, backlog: 5 },
  ...given,
})

async function open(t: Test, ...specs: readonly SocketSpec[]) {
  const sockets = await openSockets(specs)
  t.teardown(() => {
    for (const { fd, remove } of sockets) {
      closeSync(fd)
      remove()
    }
  })
  return sockets
}

t.test('each has its address, with the port that was free', async (t) => {
  const path = join(folder(t), 'web')
  const [one, two, own] = await open(t, tcp('one', 0), tcp('two', 0), unix(path))
  t.match([one, two, own], [{ name: 'one' }, { name: 'two' }, { name: 'web', address: path }])
  t.match(one?.address, /^127\.0\.0\.1:[1-9]\d*$/)
  t.not(one?.address, two?.address)
})

t.test('the file has its mode whatever the umask, and goes with who made it', async (t) => {
  const path = join(folder(t), 'web')
  const before = process.umask(0o077)
  const [socket] = await open(t, unix(path, { mode: 0o666 }))
  t.equal(process.umask(before), 0o077, 'which stays')
  t.equal(lstatSync(path).mode & 0o777, 0o666)
  socket?.remove()
  t.notOk(existsSync(path))
  writeFileSync(path, '')
  socket?.remove()
  t.ok(existsSync(path), 'what is not ours stays')
})

t.test('a file that nobody listens at is replaced, and nothing else is', async (t) => {
  const place = folder(t)
  const stale = join(place, 'stale')
  const [left] = await openSockets([unix(stale)])
  closeSync(left?.fd ?? -1)
  await open(t, unix(stale))
  const client = createConnection(stale)
  await new Promise((resolve) => client.once('connect', resolve))
  client.destroy()

  writeFileSync(join(place, 'file'), 'precious')
  mkdirSync(join(place, 'folder'))
  symlinkSync(join(place, 'nothing'), join(place, 'link'))
  for (const [name, reason] of [
    ['stale', 'somebody listens there'],
    ['file', 'there is a file that is no socket'],
    ['folder', 'there is a file that is no socket'],
    ['link', 'there is a file that is no socket'],
    ['no/such', 'there is no such folder'],
  ] as const) {
    const path = join(place, name)
    await t.rejects(openSockets([unix(path)]), {
      code: 'START_REFUSED',
      message: `cannot listen on ${path}: ${reason}. Choose another "sockets.web.path", or see to what is there`,
    })
  }
  t.notOk(existsSync(join(place, 'nothing')))
})

t.test('who cannot have all of them is told of each, and leaves no file', async (t) => {
  const path = join(folder(t), 'web')
  const [first] = await open(t, tcp('first', 0))
  const port = Number(first?.address.split(':')[1])
  await t.rejects(openSockets([unix(path), tcp('a', port), tcp('b', port)]), {
    code: 'START_REFUSED',
    message: /^cannot listen on .*sockets\.a\.port.*\ncannot listen on .*sockets\.b\.port.*$/,
  })
  t.notOk(existsSync(path))
})

t.test(
  'its owner is who is written, where nobody else could have put another file there',
  { skip: process.getuid?.() !== 0 && 'not root' },
  async (t) => {
    const place = folder(t)
    const path = join(place, 'web')
    await open(t, unix(path, { user: 54_321, group: 12_345 }))
    t.match(lstatSync(path), { uid: 54_321, gid: 12_345 })
    await open(t, unix(join(place, 'own'), { user: 54_321 }))
    t.match(lstatSync(join(place, 'own')), { uid: 54_321, gid: 54_321 })
    await t.rejects(openSockets([unix(join(place, 'none'), { user: 'nobody-at-all' })]), {
      message: /sockets\.web\.owner "nobody-at-all" is not in \/etc\/passwd/,
    })
    mkdirSync(join(place, 'open'))
    chmodSync(join(place, 'open'), 0o777)
    await t.rejects(openSockets([unix(join(place, 'open', 'web'), { user: 54_321 })]), {
      message: /others can change .*\/open/,
    })
    await open(t, unix(join(place, 'open', 'web')))
  },
)
