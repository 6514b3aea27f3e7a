import { closeSync, constants, openSync, readFileSync, readSync, writeSync } from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { native } from '../../../src/os/native.ts'
import { readiness } from '../../../src/os/readiness.ts'
import { openPipe, stayAlive } from '../../rig/pipes.ts'
import { until } from '../../rig/wait.ts'

stayAlive(t)

async function turns(count = 20): Promise<void> {
  for (let i = 0; i < count; i += 1) await turn()
}

/** Flags of the open file, such as O_NONBLOCK. */
function flagsOf(fd: number): number {
  const text = readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1')
  return Number.parseInt(/flags:\s+(\d+)/.exec(text)?.[1] ?? '', 8)
}

/** Writes until it takes nothing more. */
function fill(fd: number): void {
  const chunk = Buffer.alloc(4096)
  while (native().write(fd, [chunk]) > 0);
}

t.test('a pipe is reported while there is something to read, and at its end', async (t) => {
  const [read, write] = openPipe()
  const seen: number[] = []
  readiness.onReadable(read, () => seen.push(readSync(read, Buffer.alloc(3))))
  await turns()
  t.same(seen, [])
  writeSync(write, 'abcd')
  await until(() => seen.length === 2)
  t.same(seen, [3, 1])
  closeSync(write)
  await until(() => seen.length > 2)
  t.equal(seen[2], 0)
  readiness.forget(read)
  const { length } = seen
  await turns()
  t.equal(seen.length, length)
  closeSync(read)
})

t.test('what has come often and little is all read', async (t) => {
  const [read, write] = openPipe()
  let bytes = 0
  readiness.onReadable(read, () => {
    bytes += readSync(read, Buffer.alloc(65_536))
  })
  for (let i = 0; i < 1000; i += 1) {
    writeSync(write, 'x'.repeat(100))
    if (i % 10 === 0) await turn()
  }
  await until(() => bytes >= 100_000)
  t.equal(bytes, 100_000)
  readiness.forget(read)
  closeSync(read)
  closeSync(write)
})

t.test('of many pipes each is read, however often one has something', async (t) => {
  const pipes = Array.from({ length: 200 }, openPipe)
  const counts = pipes.map(() => 0)
  for (const [i, [read, write]] of pipes.entries()) {
    readiness.onReadable(read, () => {
      counts[i] = (counts[i] ?? 0) + readSync(read, Buffer.alloc(1))
    })
    writeSync(write, 'x'.repeat(i === 0 ? 10_000 : 5))
  }
  await until(() => counts.slice(1).every((count) => count === 5))
  t.ok((counts[0] ?? 0) < 10_000)
  for (const [read, write] of pipes) {
    readiness.forget(read)
    closeSync(read)
    closeSync(write)
  }
})

t.test('a full pipe is reported once when it has room, and keeps its flags', async (t) => {
  const [read, write] = openPipe()
  fill(write)
  const before = flagsOf(write)
  let told = 0
  t.equal(
    readiness.onceWritable(write, () => (told += 1)),
    true,
  )
  await turns()
  t.equal(told, 0)
  readSync(read, Buffer.alloc(8192))
  await until(() => told > 0)
  await turns()
  t.equal(told, 1)
  t.equal(flagsOf(write), before)
  t.equal(before & constants.O_NONBLOCK, 0)
  fill(write)
  readiness.onceWritable(write, () => (told += 1))
  closeSync(read)
  await until(() => told === 2)
  await turns()
  t.equal(told, 2, 'that nobody reads is told once, too')
  closeSync(write)
})

t.test('what is to be read once is reported once, and again when that is asked for', async (t) => {
  const [read, write] = openPipe()
  let told = 0
  readiness.onceReadable(read, () => (told += 1))
  await turns()
  t.equal(told, 0)
  writeSync(write, 'x')
  await until(() => told > 0)
  await turns()
  t.equal(told, 1)
  readiness.onceReadable(read, () => (told += 1))
  await until(() => told === 2)
  readiness.onceReadable(read, () => (told += 1))
  readiness.forget(read)
  await turns()
  t.equal(told, 2, 'one that is forgotten is not reported')
  closeSync(read)
  closeSync(write)
})

t.test('of what is always ready, nothing is told', async (t) => {
  for (const path of ['/dev/null', '/dev/full', '/proc/self/comm']) {
    const fd = openSync(path, 'r+')
    t.equal(
      readiness.onceWritable(fd, () => t.fail(path)),
      false,
      path,
    )
    closeSync(fd)
  }
  await turns()
})
