import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, readlinkSync, readSync, writeSync } from 'node:fs'
import { constants } from 'node:os'
import { setImmediate as turn } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { systemClock } from '../../../src/os/clock.ts'
import { native } from '../../../src/os/native.ts'
import { readiness } from '../../../src/os/readiness.ts'
import { createSink } from '../../../src/output/sink.ts'
import {
  type CountedOutput,
  createOutput,
  type OutputOptions,
} from '../../../src/output/streams.ts'
import type { LogFormat, LogsSpec } from '../../../src/plan/instance-spec.ts'
import type { LinesSpec } from '../../../src/plan/plan.ts'
import type { OutputSource } from '../../../src/ports/output.ts'
import { createManualClock } from '../../rig/manual-clock.ts'
import { untold } from '../../rig/readiness.ts'
import { usualLines } from '../../rig/specs.ts'
import { patienceMs, until } from '../../rig/wait.ts'

const files: OutputOptions['files'] = {
  open() {
    throw new Error('no file')
  },
  forget() {},
  reopen() {},
}
// It does not keep the event loop alive.
const alive = setInterval(() => {}, 1000)
t.teardown(() => clearInterval(alive))
const { formatLines } = native()
const machine = { files, readiness, formatLines }

function createParts(asked: Partial<LinesSpec> = {}, colors: OutputOptions['colors'] = {}) {
  const lines = { ...usualLines, ...asked }
  const clock = createManualClock()
  const written = { out: [] as Buffer[], err: [] as Buffer[] }
  const gate = { errno: 0 }
  const dropped = { stdout: 0, stderr: 0 }
  const sinkTo = (chunks: Buffer[], fd: number) =>
    createSink({
      fd,
      clock,
      readiness: untold,
      write(_fd, given) {
        if (gate.errno !== 0) return -gate.errno
        const bytes = Buffer.concat(given)
        chunks.push(bytes)
        return bytes.length
      },
    })
  const stdout = sinkTo(written.out, 1)
  const stderr = sinkTo(written.err, 2)
  const count = (what: string) => (lines: number) => {
    dropped[what === 'stdout' ? 'stdout' : 'stderr'] += lines
  }
  return {
    clock,
    gate,
    dropped,
    /** Both streams of a run to their own sink. */
    output: createOutput({ stdout, stderr, clock, count, lines, colors, ...machine }),
    /** Both streams of a run to one sink. */
    joined: createOutput({ stdout, stderr: stdout, clock, count, lines, colors, ...machine }),
    out: () => Buffer.concat(written.out).toString('latin1'),
    err: () => Buffer.concat(written.err).toString('latin1'),
  }
}

function openPipe(): readonly [number, number] {
  const pipe = native().pipe()
  if (typeof pipe === 'number') throw new Error(`no pipe: ${pipe}`)
  return pipe
}

function logsOf(format: LogFormat): LogsSpec {
  return { format, stdout: 'capture', stderr: 'capture' }
}

function createRun(instance = 'web.1', format: LogFormat = 'prefix') {
  const [stdout, stdoutEnd] = openPipe()
  const [stderr, stderrEnd] = openPipe()
  const source = { instance, process: 'web', run: 1, logs: logsOf(format), stdout, stderr }
  const close = () => {
    closeSync(stdoutEnd)
    closeSync(stderrEnd)
  }
  return { source, stdoutEnd, stderrEnd, close }
}

/** A run whose both streams are one pipe. */
function createJoinedRun(instance: string, format: LogFormat) {
  const [stdout, end] = openPipe()
  return {
    source: { instance, process: 'web', run: 1, logs: logsOf(format), stdout, stderr: null },
    end,
  }
}

/** An output whose sink is a real pipe. */
function createPiped(t: Test) {
  const [readEnd, writeEnd] = openPipe()
  const sink = createSink({ fd: writeEnd, write: native().write, readiness, clock: systemClock })
  const dropped = (lines: number) => t.fail(`${lines} lines dropped`)
  const output = createOutput({
    ...{ stdout: sink, stderr: sink, clock: systemClock, lines: usualLines, colors: {} },
    count: () => dropped,
    ...machine,
  })
  return { readEnd, writeEnd, sink, dropped, output }
}

/** Writes `text`, latin1, to the stdout of a run and resolves when all of it is read. */
async function writeAndWait(
  { counts }: Pick<CountedOutput, 'counts'>,
  { instance }: OutputSource,
  end: number,
  text: string,
): Promise<void> {
  const read = () => counts.get(instance)?.stdout?.bytes ?? 0
  const wanted = read() + writeSync(end, Buffer.from(text, 'latin1'))
  await until(() => read() === wanted)
}

/** All that comes on `fd`, `step` bytes at a time; closes it. */
async function readToEnd(fd: number, step: number): Promise<string> {
  const buffer = Buffer.alloc(step)
  let text = ''
  for (;;) {
    const length = readNow(fd, buffer)
    if (length === 0) break
    if (length === undefined) await turn()
    else text += buffer.toString('latin1', 0, length)
  }
  closeSync(fd)
  return text
}

/** How much is there now; undefined: nothing yet. */
function readNow(fd: number, buffer: Buffer): number | undefined {
  try {
    return readSync(fd, buffer)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
    return undefined
  }
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
    const { output, clock } = createParts()
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
    const { output, clock } = createParts()
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
  const { output, err } = createParts()
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

t.test('each run has its own format, on one sink', async (t) => {
  const { joined, out } = createParts()
  const ended = (['prefix', 'json', 'raw'] as const).map((format) => {
    const { source, stdoutEnd, stderrEnd, close } = createRun(format, format)
    writeSync(stdoutEnd, 'out\n')
    writeSync(stderrEnd, 'err\n')
    close()
    return new Promise<void>((resolve) => joined.attach(source, resolve))
  })
  await Promise.all(ended)
  const lines = out().trimEnd().split('\n')
  t.same(lines.filter((line) => !line.startsWith('{')).sort(), [
    ...['err', 'out', 'prefix | err', 'prefix | out'],
  ])
  t.match(
    lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line)),
    [
      { instance: 'json', stream: 'stdout', line: 'out' },
      { instance: 'json', stream: 'stderr', line: 'err' },
    ],
  )
})

t.test('one pipe for both streams keeps the order in which the child wrote', async (t) => {
  const { output, out, err } = createParts()
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

t.test('raw output is what the child wrote', async (t) => {
  const { output, out } = createParts()
  const { source, stdoutEnd, close } = createRun('web.1', 'raw')
  const bytes = Buffer.from(Array.from({ length: 10_000 }, (_, i) => (i * 7) % 256))
  writeSync(stdoutEnd, bytes)
  close()
  await new Promise<void>((resolve) => output.attach(source, resolve))
  t.equal(out(), `${bytes.toString('latin1')}\n`)
})

const pieces: readonly {
  readonly rule: string
  readonly writes: readonly string[]
  readonly lines: readonly string[]
}[] = [
  {
    rule: 'a character that came in two reads is one',
    writes: ['\xe2\x82', '\xac and \xf0\x9f', '\x8e', '\xaa\n'],
    lines: ['€ and 🎪'],
  },
  { rule: 'NUL bytes are kept', writes: ['a\0b\n\0\n'], lines: ['a\0b', '\0'] },
  {
    rule: 'a carriage return belongs to its line',
    writes: ['one\r', '\ntwo\r\n'],
    lines: ['one\r', 'two\r'],
  },
  { rule: 'a last line needs no newline', writes: ['one\n', 'tw', 'o'], lines: ['one', 'two'] },
  {
    rule: 'a line of more than 64 KiB comes in marked pieces',
    writes: ['x'.repeat(40_000), 'y'.repeat(40_000), '\nnext\n'],
    lines: [`${'x'.repeat(40_000)}${'y'.repeat(25_536)}[...]`, 'y'.repeat(14_464), 'next'],
  },
]
for (const { rule, writes, lines } of pieces) {
  for (const format of ['raw', 'json'] as const) {
    t.test(`${format}: ${rule}`, async (t) => {
      const { output, out } = createParts()
      const { source, stdoutEnd, close } = createRun('web.1', format)
      const ended = new Promise<void>((resolve) => output.attach(source, resolve))
      // Each is a read of its own.
      for (const text of writes) await writeAndWait(output, source, stdoutEnd, text)
      close()
      await ended
      const seen = Buffer.from(out(), 'latin1').toString().split('\n').slice(0, -1)
      t.same(format === 'raw' ? seen : seen.map((line) => JSON.parse(line).line), lines)
    })
  }
}

t.test('the last words of a child that is killed come through', async (t) => {
  const { output, out, err } = createParts()
  const { source, stdoutEnd, stderrEnd, close } = createRun()
  const child = spawn('sh', ['-c', 'printf half; printf "last words" >&2; kill -9 $$'], {
    stdio: ['ignore', stdoutEnd, stderrEnd],
  })
  close()
  await new Promise<void>((resolve) => output.attach(source, resolve))
  t.equal(out(), 'web.1 | half\n')
  t.equal(err(), 'web.1 | last words\n')
  await until(() => child.signalCode === 'SIGKILL')
})

t.test('what a descendant writes after the child has ended comes until the release', async (t) => {
  const { output, out } = createParts()
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

t.test('the last words are those of this run, also what is still in the pipe', async (t) => {
  const { output, err } = createParts()
  const first = createRun()
  let ended = 0
  const old = output.attach(first.source, () => {
    ended += 1
  })
  writeSync(first.stderrEnd, 'of the first run\n')
  t.same(old.lastWords(), { stdout: '', stderr: 'of the first run\n' })
  first.close()
  await until(() => ended === 1)
  const { source, stdoutEnd, stderrEnd, close } = createRun()
  const stream = output.attach(source, () => {
    ended += 1
  })
  writeSync(stdoutEnd, 'out')
  writeSync(stderrEnd, 'err 1\nerr 2')
  t.same(stream.lastWords(), { stdout: 'out', stderr: 'err 1\nerr 2' })
  t.match(err(), /\| err 1\n$/, 'they are passed on as ever')
  close()
  await until(() => ended === 2)
  t.same(stream.lastWords(), { stdout: 'out', stderr: 'err 1\nerr 2' }, 'also at the end')
  t.match(err(), /\| err 1\n.*\| err 2\n$/)
})

t.test('the last words of a run are there until the next one begins', async (t) => {
  const { output } = createParts()
  const nothing = { stdout: '', stderr: '' }
  t.same(output.lastWordsOf('web.1', 1), nothing)
  const first = createRun()
  let ended = 0
  const end = () => {
    ended += 1
  }
  output.attach(first.source, end)
  writeSync(first.stdoutEnd, 'one')
  t.same(output.lastWordsOf('web.1', first.source.run), { stdout: 'one', stderr: '' }, 'unread')
  t.same(output.lastWordsOf('web.2', first.source.run), nothing)
  t.same(output.lastWordsOf('web.1', first.source.run + 1), nothing)
  writeSync(first.stderrEnd, 'two')
  first.close()
  await until(() => ended === 1)
  t.same(output.lastWordsOf('web.1', first.source.run), { stdout: 'one', stderr: 'two' }, 'ended')
  const second = createRun()
  output.attach({ ...second.source, run: first.source.run + 1 }, end)
  t.same(output.lastWordsOf('web.1', first.source.run), nothing)
  t.same(output.lastWordsOf('web.1', first.source.run + 1), nothing, 'it has written nothing')
  second.close()
  await until(() => ended === 2)
})

t.test('a release reads what is there and ends, though a stranger holds the pipe', async (t) => {
  const { output, out, clock } = createParts()
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

/** What the reads of {@link fill} give; all of them are more than waits for one sink. */
const filler = `${'y'.repeat(59_999)}\n`
const fillers = 2

/** Fills the sink of `output` while its descriptor takes nothing. */
async function fill(output: ReturnType<typeof createParts>['output']): Promise<void> {
  const { source, stdoutEnd, close } = createRun('filler', 'raw')
  output.attach(source, () => {})
  for (let i = 0; i < fillers; i += 1) await writeAndWait(output, source, stdoutEnd, filler)
  close()
}

t.test('the last words are read also while the sink is full, and kept for it', async (t) => {
  const { output, out, gate, clock } = createParts()
  gate.errno = constants.errno.EAGAIN
  await fill(output)
  const { source, stdoutEnd, close } = createRun('web.1', 'raw')
  const ended = new Promise<void>((resolve) => {
    const stream = output.attach(source, resolve)
    writeSync(stdoutEnd, 'last words\n')
    t.same(stream.lastWords(), { stdout: 'last words\n', stderr: '' })
  })
  gate.errno = 0
  clock.advance(16)
  close()
  await ended
  t.equal(out(), `${filler.repeat(fillers)}last words\n`)
})

t.test('a release while the sink is full keeps the last words', async (t) => {
  const { output, out, gate, clock } = createParts()
  gate.errno = constants.errno.EAGAIN
  await fill(output)
  const { source, stdoutEnd, close } = createRun('web.1', 'raw')
  const ended = new Promise<void>((resolve) => {
    const stream = output.attach(source, resolve)
    writeSync(stdoutEnd, 'last words\n')
    stream.release()
  })
  await ended
  gate.errno = 0
  clock.advance(16)
  t.equal(out(), `${filler.repeat(fillers)}last words\n`)
  close()
})

t.test('a full sink stops the reading, and nothing is lost when it has room again', async (t) => {
  const { output, out, gate, clock, dropped } = createParts()
  gate.errno = constants.errno.EAGAIN
  let ended = 0
  const children = ['a', 'b', 'c'].map((name) => {
    const { source, stdoutEnd, stderrEnd, close } = createRun(name, 'raw')
    const child = spawn('sh', ['-c', `yes ${name} | head -n 1500000`], {
      stdio: ['ignore', stdoutEnd, stderrEnd],
    })
    close()
    output.attach(source, () => (ended += 1))
    return child
  })
  // Three MB of one child alone are more than its pipe and the sink hold.
  for (let i = 0; i < 500; i += 1) await turn()
  t.ok(children.every((child) => child.exitCode === null))
  gate.errno = 0
  while (ended < 3) {
    clock.advance(16)
    clock.poll()
    await turn()
  }
  const counts = { a: 0, b: 0, c: 0 }
  for (const line of out().split('\n')) {
    if (line === 'a' || line === 'b' || line === 'c') counts[line] += 1
  }
  t.same(counts, { a: 1_500_000, b: 1_500_000, c: 1_500_000 })
  t.equal(out().length, 9_000_000)
  t.same(dropped, { stdout: 0, stderr: 0 })
})

t.test('children whose reader is gone go on, and their lines are counted', async (t) => {
  const { output, gate, dropped } = createParts()
  gate.errno = constants.errno.EPIPE
  const { source, stdoutEnd, stderrEnd, close } = createRun('web.1', 'raw')
  const child = spawn('sh', ['-c', 'yes | head -n 1000000; yes | head -n 7 >&2'], {
    stdio: ['ignore', stdoutEnd, stderrEnd],
  })
  close()
  await new Promise<void>((resolve) => output.attach(source, resolve))
  await until(() => child.exitCode === 0)
  t.same(dropped, { stdout: 1_000_000, stderr: 7 })
  t.same(output.counts.get('web.1'), {
    stdout: { bytes: 2_000_000, droppedLines: 1_000_000 },
    stderr: { bytes: 14, droppedLines: 7 },
  })
})

t.test(
  'bytes are counted by instance and stream, over all runs, as the child wrote them',
  async (t) => {
    const { output } = createParts()
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
  const { output } = createParts()
  output.attach({ ...nothing, stdout: null, stderr: null }, () => {})
  t.equal(output.counts.get('web.1'), undefined)
  const { source, end } = createJoinedRun('web.2', 'raw')
  closeSync(end)
  await new Promise<void>((resolve) => output.attach(source, resolve))
  t.same(output.counts.get('web.2'), { stdout: { bytes: 0, droppedLines: 0 } })
})

t.test('one full sink for both streams stops the reading of both', async (t) => {
  const { joined, gate } = createParts()
  gate.errno = constants.errno.EAGAIN
  await fill(joined)
  const runs = ['a', 'b'].map((name) => createRun(name, 'raw'))
  for (const { source, stdoutEnd, stderrEnd } of runs) {
    joined.attach(source, () => {})
    writeSync(stdoutEnd, 'out\n')
    writeSync(stderrEnd, 'err\n')
  }
  for (let i = 0; i < 20; i += 1) await turn()
  const buffer = Buffer.alloc(100)
  for (const { source, close } of runs) {
    t.equal(readSync(source.stdout, buffer), 4)
    t.equal(readSync(source.stderr, buffer), 4)
    close()
  }
})

t.test('partial writes to a real pipe tear no line of two runs and a third writer', async (t) => {
  const { readEnd, writeEnd, sink, dropped, output } = createPiped(t)
  const own = sink.open({ limitBytes: 1 << 20, mostBytes: 1 << 21, onDrain() {} })
  const program = 'i=0; while [ $i -lt 400 ]; do echo "$s $i."; s="$s-"; i=$((i+1)); done'
  const ended = ['a', 'b'].map((instance) => {
    const { source, stdoutEnd, stderrEnd, close } = createRun(instance)
    spawn('sh', ['-c', program], { stdio: ['ignore', stdoutEnd, stderrEnd] })
    close()
    return new Promise<void>((resolve) => output.attach(source, resolve))
  })
  // Much more than the pipe holds, in reads that match no line.
  for (let i = 0; i < 2000; i += 1)
    own.write(Buffer.from(`own | ${'-'.repeat(i % 400)} ${i}.\n`), dropped)
  const written = Promise.all(ended)
    .then(() => sink.flush(patienceMs))
    .then(() => closeSync(writeEnd))
  const text = await readToEnd(readEnd, 777)
  await written
  const seen = { a: 0, b: 0, own: 0 }
  const wrong = text.split('\n').filter((line) => {
    const [, who, dashes = '', count] = /^(a|b|own) \| (-*) (\d+)\.$/.exec(line) ?? []
    if (who !== 'a' && who !== 'b' && who !== 'own') return line !== ''
    const number = seen[who]
    seen[who] += 1
    return Number(count) !== number || dashes.length !== number % 400
  })
  t.same(wrong, [])
  t.same(seen, { a: 400, b: 400, own: 2000 })
})

t.test('children that write without end share a full sink, and none is kept out', async (t) => {
  const { readEnd, writeEnd, sink, output } = createPiped(t)
  const loud = ['a', 'b', 'c'].map((instance) => {
    const { source, stdoutEnd, close } = createRun(instance)
    const child = spawn('yes', [], { stdio: ['ignore', stdoutEnd, 'ignore'] })
    t.teardown(() => child.kill('SIGKILL'))
    close()
    return { child, ended: new Promise<void>((resolve) => output.attach(source, resolve)) }
  })
  const lines = { a: 0, b: 0, c: 0 }
  const buffer = Buffer.alloc(65_536)
  await until(() => {
    const length = readNow(readEnd, buffer)
    for (const [, who] of buffer.toString('latin1', 0, length ?? 0).matchAll(/^([abc]) /gm))
      lines[who as keyof typeof lines] += 1
    return lines.a + lines.b + lines.c > 200_000
  })
  for (const { child } of loud) child.kill('SIGKILL')
  const rest = readToEnd(readEnd, 65_536)
  await Promise.all(loud.map(({ ended }) => ended))
  await sink.flush(patienceMs)
  closeSync(writeEnd)
  await rest
  t.ok(Math.min(lines.a, lines.b, lines.c) > 40_000, JSON.stringify(lines))
})

t.test('lines are split and stripped as the plan has it, in every format', async (t) => {
  const { joined, out } = createParts({ stripsAnsi: true, maxLineBytes: 16 })
  const ended = (['prefix', 'json', 'raw'] as const).map((format) => {
    const { source, end } = createJoinedRun(format, format)
    writeSync(end, `\x1b[31mred\x1b[0m\n${'x'.repeat(20)}\n`)
    closeSync(end)
    return new Promise<void>((resolve) => joined.attach(source, resolve))
  })
  await Promise.all(ended)
  const lines = ['red', `${'x'.repeat(16)}[...]`, 'xxxx']
  const written = out().trimEnd().split('\n')
  t.same(
    written.filter((line) => line.startsWith('prefix')),
    lines.map((line) => `prefix | ${line}`),
  )
  t.same(
    written.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line).line),
    lines,
  )
  t.same(
    written.filter((line) => lines.includes(line)),
    lines,
  )
})

t.test('a prefix has the colour of its process, on the stream that has colours', async (t) => {
  const { output, out, err } = createParts({}, { stderr: () => 36 })
  const { source, stdoutEnd, stderrEnd, close } = createRun()
  writeSync(stdoutEnd, 'out\n')
  writeSync(stderrEnd, 'err\n')
  close()
  await new Promise<void>((resolve) => output.attach(source, resolve))
  t.equal(out(), 'web.1 | out\n')
  t.equal(err(), '\x1b[36mweb.1 |\x1b[0m err\n')
})

t.test(
  'with onOverflow: drop a full sink holds nobody up, and what is lost is counted',
  async (t) => {
    const { joined, gate, dropped, out } = createParts({ onOverflow: 'drop' })
    gate.errno = constants.errno.EAGAIN
    const { source, end } = createJoinedRun('web.1', 'raw')
    const ended = new Promise<void>((resolve) => joined.attach(source, resolve))
    const line = `${'x'.repeat(65_535)}\n`
    const count = 128
    for (let i = 0; i < count; i += 1) {
      // Each fills the pipe, and so comes to an end only because it is read.
      writeSync(end, line)
      await until(() => joined.counts.get('web.1')?.stdout?.bytes === (i + 1) * line.length)
    }
    closeSync(end)
    await ended
    t.equal(joined.counts.get('web.1')?.stdout?.droppedLines, dropped.stdout)
    t.ok(dropped.stdout > count / 2, `${dropped.stdout} lines dropped`)
    t.equal(out(), '')
  },
)

t.test('what a read becomes in JSON is kept, however much larger it is', async (t) => {
  const { output, out, gate, clock, dropped } = createParts()
  gate.errno = constants.errno.EAGAIN
  const { source, end } = createJoinedRun('web.1', 'json')
  const ended = new Promise<void>((resolve) => output.attach(source, resolve))
  const count = 65_536
  writeSync(end, '\n'.repeat(count))
  closeSync(end)
  await until(() => output.counts.get('web.1')?.stdout?.bytes === count)
  gate.errno = 0
  clock.advance(16)
  clock.poll()
  await ended
  t.equal(out().split('\n').length, count + 1)
  t.equal(dropped.stdout, 0)
})
