import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readEndpointFile, writeEndpointFile } from '../../../src/os/endpoint-file.ts'
import { runFolders } from '../../../src/os/run-folders.ts'
import { folder } from '../../rig/supervise.ts'

const address = { host: '::', port: 9100 }

t.test(
  'the address is found in the first folder that can be had, and is gone at the end',
  async (t) => {
    const place = folder(t)
    const folders = [join(place, 'no', 'such'), join(place, 'one'), join(place, 'two')]
    const forget = writeEndpointFile(address, folders)
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
  writeEndpointFile(address, [open, link])()
  t.equal(readEndpointFile([open, link]), undefined)
  writeEndpointFile(address, [open, link, target])
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
    writeEndpointFile(address, [place])
    const { chownSync } = await import('node:fs')
    chownSync(place, 54_321, 54_321)
    t.equal(readEndpointFile([place]), undefined)
    writeEndpointFile({ ...address, port: 1 }, [place])
    chownSync(place, 0, 0)
    t.match(readEndpointFile([place]), { port: 9100 })
  },
)

t.test('who starts later is found, and stays so when the earlier one ends', async (t) => {
  const folders = [join(folder(t), 'one')]
  const forgetEarlier = writeEndpointFile(address, folders)
  const forgetLater = writeEndpointFile({ host: '127.0.0.1', port: 80 }, folders)
  forgetEarlier()
  t.match(readEndpointFile(folders), { host: '127.0.0.1', port: 80 })
  forgetLater()
  t.equal(existsSync(folders[0] ?? ''), false)
  forgetLater()
})

t.test('without a folder nothing is written', async (t) => {
  writeEndpointFile(address, [])()
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
