import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, writeSync } from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import type { OutputSource } from '../../../src/ports/output.ts'
import { stayAlive } from '../../rig/pipes.ts'
import {
  createGatedOutput,
  createJoinedRun,
  createRun,
  identify,
  logsOf,
} from '../../rig/streams.ts'
import { until } from '../../rig/wait.ts'

stayAlive(t)

t.test('both streams are read to their end, apart from each other, and closed', async (t) => {
  const { output, out, err } = createGatedOutput()
  const { source, stdoutEnd, stderrEnd, close } = createRun()
  const before = [identify(source.stdout), identify(source.stderr)]
  writeSync(stdoutEnd, 'one\ntwo')
  writeSync(stderrEnd, 'oh\n')
  close()
  await new Promise<void>((resolve) => output.attach(source, resolve))
  t.equal(out(), 'web.1 | one\nweb.1 | two\n')
  t.equal(err(), 'web.1 | oh\n')
  t.not(identify(source.stdout), before[0])
  t.not(identify(source.stderr), before[1])
})

const nothing = { instance: 'web.1', process: 'web', run: 1, logs: logsOf('raw') }
const ends: readonly {
  readonly what: string
  readonly source: () => { readonly source: OutputSource; readonly close: () => void }
}[] = [
  {
    what: 'nothing to read',
    source: () => ({ source: { ...nothing, stdout: null, stderr: null }, close() {} }),
  },
  {
    what: 'one pipe',
    source() {
      const { source, end } = createJoinedRun('web.1', 'raw')
      return { source, close: () => closeSync(end) }
    },
  },
  { what: 'two pipes', source: () => createRun() },
]
for (const { what, source: open } of ends) {
  t.test(`${what}: the end is told once, and after attach has returned`, async (t) => {
    const { output, clock } = createGatedOutput()
    const { source, close } = open()
    close()
    let ended = 0
    const stream = output.attach(source, () => (ended += 1))
    t.equal(ended, 0)
    clock.poll()
    await until(() => ended > 0)
    stream.release()
    for (let i = 0; i < 10; i += 1) await turn()
    clock.poll()
    t.equal(ended, 1)
  })

  t.test(`${what}: the end is told once, also by a release`, async (t) => {
    const { output, clock } = createGatedOutput()
    const { source, close } = open()
    let ended = 0
    const stream = output.attach(source, () => (ended += 1))
    stream.release()
    t.equal(ended, 0)
    clock.poll()
    await until(() => ended > 0)
    stream.release()
    close()
    for (let i = 0; i < 10; i += 1) await turn()
    clock.poll()
    t.equal(ended, 1)
  })
}

t.test('the end is that of the stream that lasts longer', async (t) => {
  const { output, err } = createGatedOutput()
  const { source, stdoutEnd, stderrEnd } = createRun()
  let ended = 0
  output.attach(source, () => (ended += 1))
  closeSync(stdoutEnd)
  for (let i = 0; i < 10; i += 1) await turn()
  t.equal(ended, 0)
  writeSync(stderrEnd, 'still here')
  closeSync(stderrEnd)
  await until(() => ended > 0)
  t.equal(err(), 'web.1 | still here\n')
})

t.test('one pipe for both streams keeps the order in which the child wrote', async (t) => {
  const { output, out, err } = createGatedOutput()
  const { source, end } = createJoinedRun('web.1', 'prefix')
  const child = spawn('sh', ['-c', 'for i in 1 2 3; do echo out $i; echo err $i >&2; done'], {
    stdio: ['ignore', end, end],
  })
  closeSync(end)
  await new Promise<void>((resolve) => output.attach(source, resolve))
  t.equal(out().replaceAll('web.1 | ', ''), 'out 1\nerr 1\nout 2\nerr 2\nout 3\nerr 3\n')
  t.equal(err(), '')
  t.equal(child.exitCode ?? 0, 0)
})

t.test('what a descendant writes after the child has ended comes until the release', async (t) => {
  const { output, out } = createGatedOutput()
  const { source, stdoutEnd, stderrEnd, close } = createRun()
  const child = spawn('sh', ['-c', 'cat <&3 & printf "parent\\n"; exit 0'], {
    stdio: ['ignore', stdoutEnd, stderrEnd, 'pipe'],
  })
  close()
  let ended = 0
  const stream = output.attach(source, () => (ended += 1))
  await once(child, 'exit')
  const descendant = child.stdio[3]
  if (!descendant || !('write' in descendant)) throw new Error('no pipe to the descendant')
  descendant.write('orphan\npart')
  await until(() => out().includes('orphan'))
  t.equal(ended, 0)
  stream.release()
  await until(() => ended > 0)
  t.equal(out(), 'web.1 | parent\nweb.1 | orphan\nweb.1 | part\n')
  descendant.destroy()
})

t.test('a release reads what is there and ends, though a stranger holds the pipe', async (t) => {
  const { output, out, clock } = createGatedOutput()
  const { source, stdoutEnd, close } = createRun()
  const before = identify(source.stdout)
  const ended = new Promise<void>((resolve) => {
    const stream = output.attach(source, resolve)
    writeSync(stdoutEnd, `${'x'.repeat(60_000)}\nlast words`)
    stream.release()
    stream.release()
  })
  await ended
  t.equal(out(), `web.1 | ${'x'.repeat(60_000)}\nweb.1 | last words\n`)
  t.not(identify(source.stdout), before)
  t.equal(clock.nextAt(), Infinity)
  close()
})

t.test(
  'bytes are counted by instance and stream, over all runs, as the child wrote them',
  async (t) => {
    const { output } = createGatedOutput()
    for (const [instance, text] of [
      ['web.1', 'zwölf\npart'],
      ['web.1', 'more'],
      ['web.2', 'x\n'],
    ] as const) {
      const { source, stdoutEnd, close } = createRun(instance)
      writeSync(stdoutEnd, text)
      const end = new Promise<void>((resolve) => output.attach(source, resolve))
      close()
      await end
    }
    const nothing = { bytes: 0, droppedLines: 0 }
    t.same(output.counts.get('web.1'), { stdout: { bytes: 15, droppedLines: 0 }, stderr: nothing })
    t.same(output.counts.get('web.2'), { stdout: { bytes: 2, droppedLines: 0 }, stderr: nothing })
  },
)

t.test('what is not read is not counted', async (t) => {
  const { output } = createGatedOutput()
  output.attach({ ...nothing, stdout: null, stderr: null }, () => {})
  t.equal(output.counts.get('web.1'), undefined)
  const { source, end } = createJoinedRun('web.2', 'raw')
  closeSync(end)
  await new Promise<void>((resolve) => output.attach(source, resolve))
  t.same(output.counts.get('web.2'), { stdout: { bytes: 0, droppedLines: 0 } })
})
