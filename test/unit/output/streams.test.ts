import { spawn } from 'node:child_process'
import { closeSync, readlinkSync, writeSync } from 'node:fs'
import { constants } from 'node:os'
import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { native } from '../../../src/os/native.ts'
import { createSink, type Sink } from '../../../src/output/sink.ts'
import { createOutput } from '../../../src/output/streams.ts'
import type { LogFormat } from '../../../src/plan/plan.ts'
import { createManualClock } from '../../rig/manual-clock.ts'

function createParts() {
  const clock = createManualClock()
  const written = { out: [] as Buffer[], err: [] as Buffer[] }
  const gate = { isOpen: true }
  const sinkTo = (chunks: Buffer[], fd: number) =>
    createSink({
      fd,
      clock,
      limitBytes: 100_000,
      write(_fd, given) {
        if (!gate.isOpen) return -constants.errno.EAGAIN
        const bytes = Buffer.concat(given)
        chunks.push(bytes)
        return bytes.length
      },
    })
  const stdout = sinkTo(written.out, 1)
  const stderr = sinkTo(written.err, 2)
  return {
    clock,
    gate,
    stdout,
    output: createOutput({ stdout, stderr, clock }),
    out: () => Buffer.concat(written.out).toString('latin1'),
    err: () => Buffer.concat(written.err).toString('latin1'),
  }
}

function openPipe(): readonly [number, number] {
  const pipe = native().pipe()
  if (typeof pipe === 'number') throw new Error(`no pipe: ${pipe}`)
  return pipe
}

function createRun(instance = 'web.1', format: LogFormat = 'prefix') {
  const [stdout, stdoutEnd] = openPipe()
  const [stderr, stderrEnd] = openPipe()
  const source = { instance, process: 'web', run: 1, format, stdout, stderr }
  return { source, stdoutEnd, stderrEnd }
}

/** What `fd` is, to tell whether it is still the same. */
function identify(fd: number): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`)
  } catch {
    return 'closed'
  }
}

t.test('both streams are read to their end, apart from each other, and closed', async (t) => {
  const { output, out, err } = createParts()
  const { source, stdoutEnd, stderrEnd } = createRun()
  const before = [identify(source.stdout), identify(source.stderr)]
  writeSync(stdoutEnd, 'one\ntwo')
  writeSync(stderrEnd, 'oh\n')
  closeSync(stdoutEnd)
  closeSync(stderrEnd)
  await new Promise<void>((resolve) => output.attach(source, resolve))
  t.equal(out(), 'web.1 | one\nweb.1 | two\n')
  t.equal(err(), 'web.1 | oh\n')
  t.not(identify(source.stdout), before[0])
  t.not(identify(source.stderr), before[1])
})

t.test('raw output is what the child wrote', async (t) => {
  const { output, out } = createParts()
  const { source, stdoutEnd, stderrEnd } = createRun('web.1', 'raw')
  const bytes = Buffer.from(Array.from({ length: 10_000 }, (_, i) => (i * 7) % 256))
  writeSync(stdoutEnd, bytes)
  closeSync(stdoutEnd)
  closeSync(stderrEnd)
  await new Promise<void>((resolve) => output.attach(source, resolve))
  t.equal(out(), `${bytes.toString('latin1')}\n`)
})

t.test('a release reads what is there and ends, though a stranger holds the pipe', async (t) => {
  const { output, out, clock } = createParts()
  const { source, stdoutEnd, stderrEnd } = createRun()
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
  closeSync(stdoutEnd)
  closeSync(stderrEnd)
})

t.test('a release while the sink is full keeps the last words', async (t) => {
  const { output, out, gate, clock, stdout } = createParts()
  gate.isOpen = false
  stdout.write(Buffer.from(`${'y'.repeat(100_000)}\n`))
  const { source, stdoutEnd, stderrEnd } = createRun('web.1', 'raw')
  const ended = new Promise<void>((resolve) => {
    const stream = output.attach(source, resolve)
    writeSync(stdoutEnd, 'last words\n')
    stream.release()
  })
  await ended
  gate.isOpen = true
  clock.advance(1)
  t.ok(out().endsWith('y\nlast words\n'))
  closeSync(stdoutEnd)
  closeSync(stderrEnd)
})

t.test('a full sink stops the reading, and nothing is lost when it has room again', async (t) => {
  const { output, out, gate, clock, stdout } = createParts()
  gate.isOpen = false
  let ended = 0
  const children = ['a', 'b', 'c'].map((name) => {
    const { source, stdoutEnd, stderrEnd } = createRun(name, 'raw')
    const child = spawn('sh', ['-c', `yes ${name} | head -n 500000`], {
      stdio: ['ignore', stdoutEnd, stderrEnd],
    })
    closeSync(stdoutEnd)
    closeSync(stderrEnd)
    output.attach(source, () => {
      ended += 1
    })
    return child
  })
  while (!stdout.isFull) await turn()
  for (let i = 0; i < 100; i += 1) await turn()
  t.ok(children.every((child) => child.exitCode === null))
  gate.isOpen = true
  while (ended < 3) {
    clock.advance(1)
    clock.poll()
    await turn()
  }
  const counts = { a: 0, b: 0, c: 0 }
  for (const line of out().split('\n')) {
    if (line === 'a' || line === 'b' || line === 'c') counts[line] += 1
  }
  t.same(counts, { a: 500_000, b: 500_000, c: 500_000 })
  t.equal(out().length, 3_000_000)
  t.equal(stdout.droppedBytes, 0)
})

t.test('one full sink for both streams stops the reading of both', async (t) => {
  let writes = 0
  const sink: Sink = {
    isFull: false,
    droppedBytes: 0,
    onDrain() {},
    flush: async () => {},
    write() {
      writes += 1
      return false
    },
  }
  const clock = createManualClock()
  const runs = ['a', 'b'].map((name) => createRun(name, 'raw'))
  const output = createOutput({ stdout: sink, stderr: sink, clock })
  for (const { source, stdoutEnd, stderrEnd } of runs) {
    writeSync(stdoutEnd, 'out\n')
    writeSync(stderrEnd, 'err\n')
    output.attach(source, () => {})
  }
  for (let i = 0; i < 20; i += 1) await turn()
  t.equal(writes, 1)
  for (const { stdoutEnd, stderrEnd } of runs) {
    closeSync(stdoutEnd)
    closeSync(stderrEnd)
  }
})
