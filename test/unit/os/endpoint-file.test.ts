import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import {
  createEndpointFile,
  type EndpointAddress,
  readEndpointFile,
} from '../../../src/os/endpoint-file.ts'
import { runFolders } from '../../../src/os/run-folders.ts'
import { folder } from '../../rig/supervise.ts'

const address = { host: '::', port: 9100 }

/** Returns what takes it away. */
function write(written: EndpointAddress, folders: readonly string[]): () => void {
  const file = createEndpointFile(folders)
  file.write(written)
  return file.remove
}

t.test(
  'the address is found in the first folder that can be had, and is gone at the end',
  async (t) => {
    const place = folder(t)
    const folders = [join(place, 'no', 'such'), join(place, 'one'), join(place, 'two')]
    const forget = write(address, folders)
    const path = join(place, 'one', 'endpoint')
    t.same(readEndpointFile(folders), { ...address, path })
    t.same(readdirSync(place), ['one'])
    t.same(readdirSync(join(place, 'one')), ['endpoint'])
    t.equal(statSync(join(place, 'one')).mode & 0o777, 0o700)
    t.equal(statSync(path).mode & 0o777, 0o600)
    forget()
    t.same(readdirSync(place), [])
    t.equal(readEndpointFile(folders), undefined)
  },
)

t.test('a folder is ours when others cannot change it, and no link', async (t) => {
  const place = folder(t)
  const open = join(place, 'open')
  mkdirSync(open)
  chmodSync(open, 0o755)
  const target = join(place, 'target')
  mkdirSync(target, { mode: 0o700 })
  const link = join(place, 'link')
  symlinkSync(target, link)
  write(address, [open, link])()
  t.equal(readEndpointFile([open, link]), undefined)
  write(address, [open, link, target])
  t.same(
    [open, target].map((one) => readdirSync(one)),
    [[], ['endpoint']],
  )
})

t.test(
  'a folder of somebody else is not written to, and not believed',
  { skip: process.getuid?.() !== 0 && 'not root' },
  async (t) => {
    const place = join(folder(t), 'theirs')
    write(address, [place])
    const { chownSync } = await import('node:fs')
    chownSync(place, 54_321, 54_321)
    t.equal(readEndpointFile([place]), undefined)
    write({ ...address, port: 1 }, [place])
    chownSync(place, 0, 0)
    t.match(readEndpointFile([place]), { port: 9100 })
  },
)

t.test('who starts later is found, and stays so when the earlier one ends', async (t) => {
  const folders = [join(folder(t), 'one')]
  const forgetEarlier = write(address, folders)
  const forgetLater = write({ host: '127.0.0.1', port: 80 }, folders)
  forgetEarlier()
  t.match(readEndpointFile(folders), { host: '127.0.0.1', port: 80 })
  forgetLater()
  t.equal(existsSync(folders[0] ?? ''), false)
  forgetLater()
})

t.test('without a folder nothing is written', async (t) => {
  write(address, [])()
  t.equal(readEndpointFile([]), undefined)
})

t.test('it is looked for in /run, in that of the user, and in memory', async (t) => {
  const before = process.env['XDG_RUNTIME_DIR']
  t.teardown(() => {
    if (before === undefined) delete process.env['XDG_RUNTIME_DIR']
    else process.env['XDG_RUNTIME_DIR'] = before
  })
  process.env['XDG_RUNTIME_DIR'] = '/run/user/1'
  const inMemory = `/dev/shm/ringmaster-${process.geteuid?.()}-${statSync('/proc/self/ns/mnt').ino}`
  t.same(runFolders(), ['/run/ringmaster', '/run/user/1/ringmaster', inMemory])
  delete process.env['XDG_RUNTIME_DIR']
  t.same(runFolders(), ['/run/ringmaster', inMemory])
})

t.test('another address is written through the file, whoever has its folder by then', async (t) => {
  const folders = [join(folder(t), 'one')]
  const file = createEndpointFile(folders)
  file.write(null)
  t.notOk(existsSync(folders[0] ?? ''))
  file.write({ host: 'a-name-that-is-long.test', port: 65_535 })
  chmodSync(folders[0] ?? '', 0o500)
  file.write({ host: '::', port: 1 })
  t.match(readEndpointFile(folders), { host: '::', port: 1 })
  file.write(null)
  t.equal(readEndpointFile(folders), undefined)
  file.write(address)
  t.match(readEndpointFile(folders), address)
  chmodSync(folders[0] ?? '', 0o700)
  file.remove()
  t.notOk(existsSync(folders[0] ?? ''))
})
