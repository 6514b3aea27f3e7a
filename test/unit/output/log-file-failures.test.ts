import { mkdirSync, rmSync } from 'node:fs'
import t from 'tap'
import { native } from '../../../src/os/native.ts'
import { createDisk } from '../../../src/output/disk.ts'
import { openLogFile } from '../../rig/log-file.ts'
import { until } from '../../rig/wait.ts'

t.test(
  'what cannot be written is dropped and counted, and a second later tried again',
  async (t) => {
    let refusal: string | null = 'ENOSPC'
    const real = createDisk(native().lock)
    const { write, flush, text, dropped, clock } = openLogFile(t, {
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
  const { write, flush, folder, dropped, text, clock } = openLogFile(t)
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

t.test(
  'a disk that takes nothing holds its writer up for a second, and memory for the limit',
  async (t) => {
    let proceed = () => {}
    const real = createDisk(native().lock)
    const { write, flush, text, writer, clock, dropped, drains } = openLogFile(t, {
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
