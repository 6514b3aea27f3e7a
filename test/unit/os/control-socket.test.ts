import {
  chmodSync,
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { hideControlSocket, openControlSocket } from '../../../src/os/control-socket.ts'
import type { ControlSpec } from '../../../src/plan/plan.ts'
import { folder } from '../../rig/supervise.ts'

const usual: ControlSpec = {
  ...{ socket: null, mode: 0o600, user: null, group: null },
  access: { others: 'read', descendants: null },
  http: null,
}

function open(t: Test, given: Partial<ControlSpec>, folders: readonly string[] = []) {
  const opened = openControlSocket({ ...usual, ...given }, folders)
  if (typeof opened === 'string') throw new Error(opened)
  let isOpen = true
  const close = () => {
    if (isOpen) closeSync(opened.fd)
    isOpen = false
  }
  t.teardown(close)
  return { ...opened, close }
}

t.test('it is made in the first folder that can be had, and gone at the end', async (t) => {
  const place = folder(t)
  const folders = [join(place, 'no', 'such'), join(place, 'one'), join(place, 'two')]
  const opened = open(t, {}, folders)
  t.equal(opened.path, join(place, 'one', 'ringmaster.sock'))
  t.same(readdirSync(place), ['one'])
  t.equal(lstatSync(opened.path).mode & 0o777, 0o600)
  opened.remove()
  t.same(readdirSync(place), [])
  opened.remove()
})

t.test('where another one listens the next folder is taken, and none is an answer', async (t) => {
  const place = folder(t)
  const folders = [join(place, 'one'), join(place, 'two')]
  const first = open(t, {}, folders)
  const second = open(t, {}, folders)
  t.equal(second.path, join(place, 'two', 'ringmaster.sock'))
  t.match(
    openControlSocket(usual, folders),
    /one: another Ringmaster listens there; .*two: another/,
  )
  first.remove()
  t.ok(existsSync(second.path))
})

t.test('a socket that nobody listens at any more is replaced', async (t) => {
  const place = folder(t)
  const socket = join(place, 'control')
  const dead = open(t, { socket })
  dead.close()
  const opened = open(t, { socket })
  t.equal(opened.path, socket)
  dead.remove()
  t.ok(existsSync(socket), 'what is not ours is not removed')
  opened.remove()
  t.notOk(existsSync(socket))
})

t.test('a written path that cannot be had is refused, and what is there stays', async (t) => {
  const place = folder(t)
  const file = join(place, 'file')
  writeFileSync(file, 'precious')
  const live = open(t, { socket: join(place, 'live') })
  symlinkSync(live.path, join(place, 'link'))
  const target = join(place, 'target')
  mkdirSync(target)
  symlinkSync(target, join(place, 'folder'))
  const shared = join(place, 'shared')
  mkdirSync(shared)
  chmodSync(shared, 0o777)
  for (const [path, reason] of [
    [file, /there is a file that is no socket/],
    [live.path, /another Ringmaster listens there/],
    [join(place, 'link'), /there is a file that is no socket/],
    [join(place, 'folder', 'control'), /is a symbolic link/],
    [join(shared, 'control'), /others can change/],
    [join(place, 'none', 'control'), /there is no such folder/],
    [join(place, 'x'.repeat(120)), /107 bytes at most/],
  ] as const) {
    const refused = { code: 'START_REFUSED', message: reason }
    t.throws(() => openControlSocket({ ...usual, socket: path }), refused, path)
  }
  t.ok(lstatSync(file).isFile())
  t.ok(lstatSync(join(place, 'link')).isSymbolicLink())
  t.same(readdirSync(target), [])
  chmodSync(shared, 0o1777)
  t.ok(open(t, { socket: join(shared, 'control') }), 'nobody else can take it away there')
})

t.test(
  'its mode, owner and group are those that are written',
  { skip: process.getuid?.() !== 0 && 'not root' },
  async (t) => {
    const place = folder(t)
    const opened = open(t, { socket: join(place, 'one'), mode: 0o660, user: 54_321, group: 12_345 })
    t.match(lstatSync(opened.path), { uid: 54_321, gid: 12_345 })
    t.equal(lstatSync(opened.path).mode & 0o777, 0o660)
    const nobody = { ...usual, socket: join(place, 'two'), user: 'nobody-at-all' }
    t.throws(() => openControlSocket(nobody), {
      message: /control.owner "nobody-at-all" is not in/,
    })
    t.notOk(existsSync(join(place, 'two')))
  },
)

t.test('another socket is hidden until it is wanted, also in place of the first', async (t) => {
  const place = folder(t)
  const socket = join(place, 'socket')
  const local = open(t, { socket })
  const spec = { ...usual, socket }
  const next = { ...spec, mode: 0o660 }
  hideControlSocket(next, { spec, local }).discard()
  t.same(readdirSync(place), ['socket'])
  t.equal(lstatSync(socket).mode & 0o777, 0o600)
  const revealed = hideControlSocket(next, { spec, local }).reveal()
  t.teardown(() => closeSync(revealed.fd))
  t.same(readdirSync(place), ['socket'])
  t.equal(lstatSync(socket).mode & 0o777, 0o660)
  t.notOk(local.isThere())
  t.ok(revealed.isThere())
  local.remove()
  t.ok(existsSync(socket), 'what is not its own is not removed')
  const rival = { code: 'START_REFUSED', message: /another Ringmaster listens there/ }
  t.throws(() => hideControlSocket(spec, { spec, local }), rival, 'somebody has taken its place')
})

t.test('a place that was found is kept, and where there is none that is refused', async (t) => {
  const place = folder(t)
  const folders = [join(place, 'one'), join(place, 'two')]
  const local = open(t, {}, folders)
  const none = {
    code: 'START_REFUSED',
    message: /cannot have a control socket: .*Set "control.socket"/,
  }
  t.throws(() => hideControlSocket(usual, { spec: null, local: null }, []), none)
  t.same(readdirSync(place), ['one'])
  const hidden = hideControlSocket({ ...usual, mode: 0o660 }, { spec: usual, local }, ['/nowhere'])
  t.equal(hidden.reveal().path, local.path)
  const fresh = hideControlSocket(usual, { spec: null, local: null }, [join(place, 'two')])
  fresh.discard()
  t.same(readdirSync(place), ['one'], 'a folder of ours goes with it')
})
