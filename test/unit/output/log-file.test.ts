import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { openLogFile } from '../../rig/log-file.ts'

t.test('lines are appended, in order, and nothing is made before the first', async (t) => {
  const { path, write, flush, text, names } = openLogFile(t)
  t.same(names(), [])
  writeFileSync(path, 'before\n')
  for (let i = 0; i < 500; i += 1) write(`${i}\nand ${i}\n`)
  await flush()
  const lines = Array.from({ length: 500 }, (_, i) => `${i}\nand ${i}\n`).join('')
  t.equal(text(), `before\n${lines}`)
})

t.test('a file is new to others only by group', async (t) => {
  const before = process.umask(0)
  t.teardown(() => process.umask(before))
  const { path, write, flush } = openLogFile(t)
  write('one\n')
  await flush()
  t.equal(statSync(path).mode & 0o777, 0o640)
})

t.test('a file that others renamed or removed is left to them', async (t) => {
  const { write, flush, path, text, clock } = openLogFile(t)
  write('one\n')
  await flush()
  renameSync(path, `${path}.old`)
  clock.advance(1000)
  write('two\n')
  await flush()
  t.equal(text(), 'two\n')
  t.equal(readFileSync(`${path}.old`, 'utf8'), 'one\n')
  rmSync(path)
  clock.advance(1000)
  write('three\n')
  await flush()
  t.equal(text(), 'three\n')
})

t.test('reopen makes the new file at once', async (t) => {
  const { write, flush, path, file, text } = openLogFile(t)
  file.reopen()
  await flush()
  t.notOk(existsSync(path), 'where nothing was written there is nothing to be opened')
  write('one\n')
  await flush()
  renameSync(path, `${path}.old`)
  file.reopen()
  await flush()
  t.equal(text(), '')
  write('two\n')
  await flush()
  t.equal(text(), 'two\n')
})

t.test('a file that others emptied is as small as it is', async (t) => {
  const { write, flush, path, names, clock } = openLogFile(t, { maxBytes: 10 })
  write('1234567\n')
  await flush()
  truncateSync(path)
  clock.advance(1000)
  write('89\n')
  await flush()
  t.same(names(), ['log'])
})

t.test('half a line of an earlier life is ended first', async (t) => {
  const { write, flush, path, text } = openLogFile(t)
  appendFileSync(path, 'one\ntw')
  write('three\n')
  await flush()
  t.equal(text(), 'one\ntw\nthree\n')
})

t.test('a link that comes in place of the file is not followed', async (t) => {
  const { write, flush, path, dropped, clock, folder } = openLogFile(t)
  symlinkSync(join(folder, 'elsewhere'), path)
  clock.advance(1000)
  write('one\n')
  await flush()
  t.same(dropped, [[1, 'ELOOP']])
  t.notOk(existsSync(join(folder, 'elsewhere')))
})

t.test('a file that is released is closed when everything is written', async (t) => {
  const { path, file, write, flush, text } = openLogFile(t)
  const isOpen = () =>
    readdirSync('/proc/self/fd').some((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`) === path
      } catch {
        return false
      }
    })
  file.release(() => {})
  write('one\n')
  await flush()
  t.equal(text(), 'one\n')
  t.notOk(isOpen())
  const other = openLogFile(t)
  other.write('two\n')
  await other.flush()
  other.file.release(() => {})
  await other.flush()
  other.write('three\n')
  await other.flush()
  t.equal(other.text(), 'two\nthree\n', 'what comes later is written too')
})
