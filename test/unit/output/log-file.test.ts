import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
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
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { createCompress } from '../../../src/output/compress.ts'
import { createDisk, type Disk } from '../../../src/output/disk.ts'
import { createLogFile } from '../../../src/output/log-file.ts'
import { createRotation } from '../../../src/output/rotation.ts'
import { createManualClock } from '../../rig/manual-clock.ts'
import { chooseSeed, createRandom } from '../../rig/random.ts'
import { patienceMs, until } from '../../rig/wait.ts'

const limitBytes = 1 << 20

interface Given {
  readonly maxBytes?: number
  readonly maxFiles?: number
  readonly maxAgeMs?: number
  readonly compress?: boolean
  /** What becomes of a write instead. */
  readonly write?: Disk['write']
}

function create(t: Test, given: Given = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'ringmaster-files-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'log')
  const target = { maxBytes: 0, maxFiles: 3, maxAgeMs: 0, compress: false, ...given }
  const disk = { ...createDisk(), ...(given.write && { write: given.write }) }
  const clock = createManualClock(Date.now())
  const rotation = createRotation(path, target, disk, createCompress(disk))
  const file = createLogFile({ path, target, rotation, disk, clock })
  let drains = 0
  const writer = file.open({ limitBytes, mostBytes: 2 * limitBytes, onDrain: () => (drains += 1) })
  const dropped: [number, string][] = []
  return {
    ...{ folder, path, disk, clock, file, writer, dropped },
    drains: () => drains,
    write(text: string) {
      writer.write(Buffer.from(text), (lines, reason) => dropped.push([lines, reason]))
    },
    /** Until all is written or dropped. */
    flush: () => file.flush(patienceMs),
    text: () => readFileSync(path, 'utf8'),
    names: () => readdirSync(folder).sort(),
  }
}

t.test('lines are appended, in order, and nothing is made before the first', async (t) => {
  const { path, write, flush, text, names } = create(t)
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
  const { path, write, flush } = create(t)
  write('one\n')
  await flush()
  t.equal(statSync(path).mode & 0o777, 0o640)
})

t.test('files are rotated before they are too large; the newest is FILE.1', async (t) => {
  const { write, flush, text, names, folder } = create(t, { maxBytes: 8, maxFiles: 2 })
  write('1\n22\n333\n4444\n55555\n666666\n7\n')
  await flush()
  t.same(names(), ['log', 'log.1', 'log.2'])
  const read = (name: string) => readFileSync(join(folder, name), 'utf8')
  t.same([read('log.2'), read('log.1'), text()], ['55555\n', '666666\n', '7\n'])
})

t.test('however lines come, none is lost or torn, and no file is too large', async (t) => {
  const seed = chooseSeed()
  const random = createRandom(seed)
  const { write, flush, names, folder, dropped, writer } = create(t, {
    ...{ maxBytes: 10_000, maxFiles: 1000 },
  })
  let text = ''
  for (let i = 0; i < 300; i += 1) {
    let chunk = ''
    for (let lines = Math.ceil(random() * 5); lines > 0; lines -= 1) {
      chunk += `${i} ${'x'.repeat(random() ** 6 * 9000)}\n`
    }
    write(chunk)
    text += chunk
    if (writer.isFull || random() < 0.01) await flush()
  }
  await flush()
  t.same(dropped, [], `seed ${seed}`)
  const number = (name: string) => Number(name.split('.')[1] ?? 0)
  const files = names().sort((a, b) => number(b) - number(a))
  const contents = files.map((name) => readFileSync(join(folder, name), 'utf8'))
  t.equal(contents.join(''), text, `seed ${seed}`)
  t.ok(
    contents.every((one) => one.length <= 10_000 && one.endsWith('\n')),
    `seed ${seed}`,
  )
})

t.test(
  'a line that is written in pieces stays in one file, also when that is renamed meanwhile',
  async (t) => {
    const real = createDisk()
    let betweenPieces = () => {}
    const { write, flush, text, path, clock } = create(t, {
      async write(fd, [first = Buffer.alloc(0)]) {
        const written = await real.write(fd, [first.subarray(0, 3)])
        betweenPieces()
        return written
      },
    })
    betweenPieces = () => {
      betweenPieces = () => {}
      renameSync(path, `${path}.old`)
      clock.advance(1000)
    }
    write('12345\n')
    write('67\n')
    await flush()
    t.equal(readFileSync(`${path}.old`, 'utf8'), '12345\n')
    t.equal(text(), '67\n')
  },
)

t.test('a line that is larger than a file has one of its own', async (t) => {
  const { write, flush, folder } = create(t, { maxBytes: 4 })
  write('1\n')
  write('123456789\n2\n')
  await flush()
  const read = (name: string) => readFileSync(join(folder, name), 'utf8')
  t.same([read('log.2'), read('log.1'), read('log')], ['1\n', '123456789\n', '2\n'])
})

t.test('without rotated files the old one is removed', async (t) => {
  const { write, flush, text, names } = create(t, { maxBytes: 4, maxFiles: 0 })
  write('one\ntwo\n')
  await flush()
  t.same(names(), ['log'])
  t.equal(text(), 'two\n')
})

t.test('rotating leaves alone what has another name', async (t) => {
  const { write, flush, names, folder } = create(t, { maxBytes: 4, maxFiles: 1 })
  const others = ['log.0', 'log.01', 'log.20300101', 'log.1.bak', 'log.2', 'other.1']
  for (const name of others) writeFileSync(join(folder, name), name)
  write('one\ntwo\n')
  await flush()
  t.same(names(), ['log', 'log.1', ...others].sort())
  for (const name of others) t.equal(readFileSync(join(folder, name), 'utf8'), name)
})

t.test('files behind a gap keep their numbers', async (t) => {
  const { write, flush, names, folder } = create(t, { maxBytes: 4, maxFiles: 5 })
  for (const number of [1, 3]) writeFileSync(join(folder, `log.${number}`), `${number}`)
  write('one\ntwo\n')
  await flush()
  t.same(names(), ['log', 'log.1', 'log.2', 'log.3'])
  t.equal(readFileSync(join(folder, 'log.2'), 'utf8'), '1')
  t.equal(readFileSync(join(folder, 'log.3'), 'utf8'), '3')
})

t.test('an old file is rotated by the first line that comes', async (t) => {
  const { write, flush, names, clock } = create(t, { maxAgeMs: 60_000 })
  write('one\n')
  await flush()
  clock.advance(59_000)
  write('two\n')
  await flush()
  t.same(names(), ['log'])
  clock.advance(1000)
  t.equal(clock.nextAt(), Infinity, 'no timer waits for it')
  write('three\n')
  await flush()
  t.same(names(), ['log', 'log.1'])
})

t.test('a file that others renamed or removed is left to them', async (t) => {
  const { write, flush, path, text, clock } = create(t)
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
  const { write, flush, path, file, text } = create(t)
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
  const { write, flush, path, names, clock } = create(t, { maxBytes: 10 })
  write('1234567\n')
  await flush()
  truncateSync(path)
  clock.advance(1000)
  write('89\n')
  await flush()
  t.same(names(), ['log'])
})

t.test('half a line of an earlier life is ended first', async (t) => {
  const { write, flush, path, text } = create(t)
  appendFileSync(path, 'one\ntw')
  write('three\n')
  await flush()
  t.equal(text(), 'one\ntw\nthree\n')
})

t.test(
  'what cannot be written is dropped and counted, and a second later tried again',
  async (t) => {
    let refusal: string | null = 'ENOSPC'
    const real = createDisk()
    const { write, flush, text, dropped, clock } = create(t, {
      async write(fd, chunks) {
        if (refusal === null) return real.write(fd, chunks)
        // As much as there is room for.
        await real.write(fd, [Buffer.from('par')])
        throw Object.assign(new Error(refusal), { code: refusal })
      },
    })
    write('partial\nlost\n')
    write('lost too\n')
    await flush()
    t.same(dropped, [
      [2, 'ENOSPC'],
      [1, 'ENOSPC'],
    ])
    refusal = null
    write('too early\n')
    await flush()
    t.same(dropped.at(-1), [1, 'ENOSPC'])
    clock.advance(1000)
    write('back\n')
    await flush()
    t.equal(text(), 'par\nback\n')
    t.equal(dropped.length, 3)
  },
)

t.test('a folder that is gone costs lines until it is back', async (t) => {
  const { write, flush, folder, dropped, text, clock } = create(t)
  write('one\n')
  await flush()
  rmSync(folder, { recursive: true })
  clock.advance(1000)
  write('two\n')
  await flush()
  t.same(dropped, [[1, 'ENOENT']])
  mkdirSync(folder)
  clock.advance(1000)
  write('three\n')
  await flush()
  t.equal(text(), 'three\n')
})

t.test('a link that comes in place of the file is not followed', async (t) => {
  const { write, flush, path, dropped, clock, folder } = create(t)
  symlinkSync(join(folder, 'elsewhere'), path)
  clock.advance(1000)
  write('one\n')
  await flush()
  t.same(dropped, [[1, 'ELOOP']])
  t.notOk(existsSync(join(folder, 'elsewhere')))
})

t.test(
  'a disk that takes nothing holds its writer up for a second, and memory for the limit',
  async (t) => {
    let proceed = () => {}
    const real = createDisk()
    const { write, flush, text, writer, clock, dropped, drains } = create(t, {
      async write(fd, chunks) {
        await new Promise<void>((resolve) => {
          proceed = resolve
        })
        return real.write(fd, chunks)
      },
    })
    const line = `${'x'.repeat(999)}\n`
    while (!writer.isFull) write(line)
    clock.advance(999)
    t.ok(writer.isFull)
    t.equal(drains(), 0)
    clock.advance(1)
    t.notOk(writer.isFull)
    t.equal(drains(), 1, 'the writer goes on')
    for (let i = 0; i < 3000; i += 1) write(line)
    const lost = dropped.length
    t.ok(lost > 500)
    t.ok(dropped.every(([lines, reason]) => lines === 1 && reason === 'stalled'))
    let isDone = false
    const done = flush().then(() => {
      isDone = true
    })
    await until(() => {
      proceed()
      return isDone
    })
    await done
    t.ok(
      text()
        .split('\n')
        .slice(0, -1)
        .every((one) => `${one}\n` === line),
    )
    write('after\n')
    await until(() => {
      proceed()
      return text().endsWith('after\n')
    })
    t.equal(dropped.length, lost)
  },
)

t.test('rotated files are compressed, whole, and leave nothing else behind', async (t) => {
  const { write, flush, names, folder } = create(t, { maxBytes: 100, maxFiles: 50, compress: true })
  let text = ''
  for (let i = 0; i < 40; i += 1) {
    const line = `${i} ${'x'.repeat(60)}\n`
    write(line)
    text += line
    if (i % 7 === 0) await flush()
  }
  await flush()
  const expected = ['log', ...Array.from({ length: 39 }, (_, i) => `log.${i + 1}.gz`)].sort()
  await until(() => names().join() === expected.join())
  const read = (number: number) =>
    gunzipSync(readFileSync(join(folder, `log.${number}.gz`))).toString()
  const old = Array.from({ length: 39 }, (_, i) => read(39 - i)).join('')
  t.equal(old + readFileSync(join(folder, 'log'), 'utf8'), text)
})

t.test('what an end left uncompressed, or half compressed, is compressed later', async (t) => {
  const { write, flush, names, folder } = create(t, { maxBytes: 4, maxFiles: 9, compress: true })
  for (const [name, text] of [
    ['log.1', 'whole'],
    ['log.2', 'twice'],
    ['log.2.gz', 'half'],
    ['log.gz.tmp', 'half'],
  ] as const) {
    writeFileSync(join(folder, name), text)
  }
  write('one\ntwo\n')
  await flush()
  await until(() => names().join() === 'log,log.1.gz,log.2.gz,log.3.gz')
  const read = (number: number) =>
    gunzipSync(readFileSync(join(folder, `log.${number}.gz`))).toString()
  t.same([1, 2, 3].map(read), ['one\n', 'whole', 'twice'])
})

t.test('a file that is released is closed when everything is written', async (t) => {
  const { path, file, write, flush, text } = create(t)
  const isOpen = () =>
    readdirSync('/proc/self/fd').some((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`) === path
      } catch {
        return false
      }
    })
  file.release()
  write('one\n')
  await flush()
  t.equal(text(), 'one\n')
  t.notOk(isOpen())
  const other = create(t)
  other.write('two\n')
  await other.flush()
  other.file.release()
  await other.flush()
  other.write('three\n')
  await other.flush()
  t.equal(other.text(), 'two\nthree\n', 'what comes later is written too')
})
