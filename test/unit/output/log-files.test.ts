import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { native } from '../../../src/os/native.ts'
import type { Lock } from '../../../src/output/disk.ts'
import { openLogFiles } from '../../../src/output/log-files.ts'
import type { FileTarget } from '../../../src/plan/instance-spec.ts'
import { createManualClock } from '../../rig/manual-clock.ts'
import { patienceMs, until } from '../../rig/wait.ts'

const limits = { limitBytes: 1 << 20, mostBytes: 1 << 21, onDrain() {} }

const lossOf = (t: Test) => (lines: number, reason: string) =>
  void t.fail(`${lines} lines dropped: ${reason}`)

/** A folder, and a maker of those who know nothing of each other, as two Ringmasters do. */
function place(t: Test) {
  const folder = mkdtempSync(join(tmpdir(), 'ringmaster-files-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const clock = createManualClock(Date.now())
  const path = join(folder, 'log')
  const use = (instance: string, file = path, fields: Partial<FileTarget> = {}) => ({
    ...{ instance, stream: 'stdout' as const },
    target: {
      ...{
        file,
        maxBytes: 1000,
        maxFiles: 1000,
        maxAgeMs: 0,
        compress: true,
        format: 'raw' as const,
      },
      ...fields,
    },
  })
  return {
    ...{ folder, path, clock, use },
    begin(lock: Lock = native().lock) {
      const told: string[] = []
      const tell = (problem: string) => told.push(problem)
      return { told, files: openLogFiles({ processes: [] }, { clock, lock, tell }) }
    },
    /** Of the log and what it was rotated to, sorted. */
    lines() {
      const texts = readdirSync(folder)
        .filter((name) => /^log(\.\d+(\.gz)?)?$/.test(name))
        .map((name) => {
          const bytes = readFileSync(join(folder, name))
          return (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString()
        })
      return texts.join('').split('\n').filter(Boolean).sort()
    },
    numbers: () => readdirSync(folder).filter((name) => /^log\.\d+/.test(name)).length,
  }
}

t.test(
  'who writes to one path, by whatever name, shares one file, with the limits of the last',
  async (t) => {
    const { folder, path, use, begin, lines, numbers } = place(t)
    const { files, told } = begin()
    const one = files.open(use('web.1'))
    symlinkSync(folder, join(folder, 'link'))
    const other = files.open(use('web.2', join(folder, 'link/../link/log'), { maxBytes: 100 }))
    t.equal(one.file, other.file)
    const writer = one.file.open(limits)
    const text = Array.from({ length: 30 }, (_, i) => `line ${i + 10}\n`).join('')
    writer.write(Buffer.from(text), lossOf(t))
    await files.flush(patienceMs)
    await until(() => numbers() === 2 && readdirSync(folder).includes('log.2.gz'))
    t.same(lines(), text.trim().split('\n'))
    t.same(told, [])

    files.forget('web.1')
    t.equal(files.open(use('web.3')).file, other.file, 'which lives as long as one of them')
    files.forget('web.2')
    files.forget('web.3')
    await files.flush(patienceMs)
    t.not(files.open(use('web.1')).file, one.file)
    const elsewhere = files.open(use('web.1', `${path}.other`))
    t.not(elsewhere.file, one.file)
  },
)

t.test('of two Ringmasters at one file neither rotates it, until the other is gone', async (t) => {
  const { path, clock, use, begin, lines, numbers } = place(t)
  const [one, other] = [begin(), begin()]
  const writers = [one, other].map(({ files }) => files.open(use('web.1')).file.open(limits))
  const written: string[] = []
  const write = async (who: 0 | 1, count: number) => {
    for (let i = 0; i < count; i += 1) {
      const line = `${who} ${written.length}`
      written.push(line)
      writers[who]?.write(Buffer.from(`${line}\n`), lossOf(t))
      if (i % 50 === 0) await [one, other][who]?.files.flush(patienceMs)
    }
    await [one, other][who]?.files.flush(patienceMs)
  }
  await write(0, 1)
  for (let i = 0; i < 10; i += 1) {
    await write(0, 100)
    await write(1, 100)
    clock.advance(5000)
  }
  t.same(lines(), [...written].sort())
  t.equal(numbers(), 0)
  for (const { told } of [one, other]) {
    t.equal(told.length, 1)
    t.match(told[0], `cannot rotate ${path}, which grows until it can be: another Ringmaster`)
  }
  other.files.forget('web.1')
  await other.files.flush(patienceMs)
  clock.advance(60_000)
  await write(0, 200)
  await until(() => numbers() > 1)
  t.same(lines(), [...written].sort())
})

t.test('who comes while another rotates waits, and writes to the new file', async (t) => {
  const { path, clock, use, begin } = place(t)
  const { files } = begin()
  const writer = files.open(use('web.1')).file.open(limits)
  const rotating = openSync(path, 'a+')
  t.equal(native().lock(rotating, 0), 0)
  writer.write(Buffer.from('late\n'), lossOf(t))
  await until(() => clock.nextAt() < Infinity)
  renameSync(path, `${path}.1`)
  closeSync(rotating)
  clock.advance(10)
  await files.flush(patienceMs)
  t.equal(readFileSync(path, 'utf8'), 'late\n')
  t.equal(readFileSync(`${path}.1`, 'utf8'), '')
})

t.test(
  'who has opened what another rotates before it is locked, writes to the new file',
  async (t) => {
    const { path, clock, use, begin } = place(t)
    const { files } = begin((fd, shared) => {
      if (!existsSync(`${path}.1`)) renameSync(path, `${path}.1`)
      return native().lock(fd, shared)
    })
    files.open(use('web.1')).file.open(limits).write(Buffer.from('late\n'), lossOf(t))
    await until(() => clock.nextAt() < Infinity)
    clock.advance(10)
    await files.flush(patienceMs)
    t.equal(readFileSync(path, 'utf8'), 'late\n')
    t.equal(readFileSync(`${path}.1`, 'utf8'), '')
  },
)

t.test('somebody who keeps a lock on the file costs no line', async (t) => {
  const { path, clock, use, begin } = place(t)
  const { files, told } = begin()
  const writer = files.open(use('web.1')).file.open(limits)
  const locked = openSync(path, 'a+')
  t.equal(native().lock(locked, 0), 0)
  const text = 'line\n'.repeat(500)
  writer.write(Buffer.from(text), lossOf(t))
  await until(() => {
    clock.advance(10)
    return readFileSync(path, 'utf8') === text
  })
  t.match(told, [/or another process has locked it/])
  closeSync(locked)
})
