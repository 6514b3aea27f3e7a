import { mkdirSync, readFileSync, renameSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import t from 'tap'
import { native } from '../../../src/os/native.ts'
import { createDisk } from '../../../src/output/disk.ts'
import { openLogFile } from '../../rig/log-file.ts'
import { chooseSeed, createRandom } from '../../rig/random.ts'
import { until } from '../../rig/wait.ts'

t.test('files are rotated before they are too large; the newest is FILE.1', async (t) => {
  const { write, flush, text, names, folder } = openLogFile(t, { maxBytes: 8, maxFiles: 2 })
  write('1\n22\n333\n4444\n55555\n666666\n7\n')
  await flush()
  t.same(names(), ['log', 'log.1', 'log.2'])
  const read = (name: string) => readFileSync(join(folder, name), 'utf8')
  t.same([read('log.2'), read('log.1'), text()], ['55555\n', '666666\n', '7\n'])
})

t.test('however lines come, none is lost or torn, and no file is too large', async (t) => {
  const seed = chooseSeed()
  const random = createRandom(seed)
  const { write, flush, names, folder, dropped, writer } = openLogFile(t, {
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
    const real = createDisk(native().lock)
    let betweenPieces = () => {}
    const { write, flush, text, path, clock } = openLogFile(t, {
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
  const { write, flush, folder } = openLogFile(t, { maxBytes: 4 })
  write('1\n')
  write('123456789\n2\n')
  await flush()
  const read = (name: string) => readFileSync(join(folder, name), 'utf8')
  t.same([read('log.2'), read('log.1'), read('log')], ['1\n', '123456789\n', '2\n'])
})

t.test('without rotated files the old one is removed', async (t) => {
  const { write, flush, text, names } = openLogFile(t, { maxBytes: 4, maxFiles: 0 })
  write('one\ntwo\n')
  await flush()
  t.same(names(), ['log'])
  t.equal(text(), 'two\n')
})

t.test('rotating leaves alone what has another name', async (t) => {
  const { write, flush, names, folder } = openLogFile(t, { maxBytes: 4, maxFiles: 1 })
  const others = ['log.0', 'log.01', 'log.20300101', 'log.1.bak', 'log.2', 'other.1']
  for (const name of others) writeFileSync(join(folder, name), name)
  write('one\ntwo\n')
  await flush()
  t.same(names(), ['log', 'log.1', ...others].sort())
  for (const name of others) t.equal(readFileSync(join(folder, name), 'utf8'), name)
})

t.test('files behind a gap keep their numbers', async (t) => {
  const { write, flush, names, folder } = openLogFile(t, { maxBytes: 4, maxFiles: 5 })
  for (const number of [1, 3]) writeFileSync(join(folder, `log.${number}`), `${number}`)
  write('one\ntwo\n')
  await flush()
  t.same(names(), ['log', 'log.1', 'log.2', 'log.3'])
  t.equal(readFileSync(join(folder, 'log.2'), 'utf8'), '1')
  t.equal(readFileSync(join(folder, 'log.3'), 'utf8'), '3')
})

t.test('an old file is rotated by the first line that comes', async (t) => {
  const { write, flush, names, clock } = openLogFile(t, { maxAgeMs: 60_000 })
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

t.test('rotated files are compressed, whole, and leave nothing else behind', async (t) => {
  const { write, flush, names, folder } = openLogFile(t, {
    maxBytes: 100,
    maxFiles: 50,
    compress: true,
  })
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
  const { write, flush, names, folder } = openLogFile(t, {
    maxBytes: 4,
    maxFiles: 9,
    compress: true,
  })
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

for (const maxFiles of [1, 3]) {
  t.test(
    `a folder at FILE.${maxFiles} keeps a file from being rotated, and no line from being written`,
    async (t) => {
      const { write, flush, text, names, folder, path, clock, dropped, told } = openLogFile(t, {
        ...{ maxBytes: 8, maxFiles },
      })
      mkdirSync(`${path}.${maxFiles}`)
      const lines = Array.from({ length: 100 }, (_, i) => `${i}\n`).join('')
      write(lines)
      await flush()
      write('later\n')
      await flush()
      const rotated = names().filter((name) => name !== 'log' && name !== `log.${maxFiles}`)
      t.equal(rotated.length, maxFiles - 1)
      const before = rotated.map((name) => readFileSync(join(folder, name), 'utf8')).reverse()
      t.equal(before.join('') + text(), `${lines}later\n`)
      t.same(dropped, [])
      t.equal(told.length, 1)
      t.match(told[0], `cannot rotate ${path}, which grows until it can be: EISDIR`)
      t.match(told[0], `'${path}.${maxFiles}'`)

      clock.advance(60_000)
      write('still\n')
      await flush()
      t.equal(told.length, 1, 'is told once')
      rmdirSync(`${path}.${maxFiles}`)
      write('before a minute is over\n')
      await flush()
      t.match(text(), /still\nbefore a minute is over\n$/)
      clock.advance(60_000)
      write('rotated\n')
      await flush()
      t.equal(text(), 'rotated\n')
      t.match(readFileSync(`${path}.1`, 'utf8'), /over\n$/)
      t.same(dropped, [])
    },
  )
}

t.test('a folder where a file is to be compressed to is told of once, and passed', async (t) => {
  const { write, flush, names, path, told } = openLogFile(t, {
    ...{ maxBytes: 4, maxFiles: 4, compress: true },
  })
  mkdirSync(`${path}.1.gz`)
  write('one\ntwo\n')
  await flush()
  await until(() => told.length > 0)
  t.same(names(), ['log', 'log.1', 'log.1.gz'])
  write('three\n')
  await flush()
  await until(() => names().includes('log.2.gz'))
  write('four\n')
  await flush()
  await until(() => names().join() === 'log,log.1,log.1.gz,log.2.gz,log.3.gz')
  t.equal(told.length, 1)
  t.match(told[0], `cannot compress what ${path} was rotated to: EISDIR`)
  t.match(told[0], `'${path}.1.gz'`)
})
