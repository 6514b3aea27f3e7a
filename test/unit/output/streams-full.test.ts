import { spawn } from 'node:child_process'
import { closeSync, readSync, writeSync } from 'node:fs'
import { constants } from 'node:os'
import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { stayAlive } from '../../rig/pipes.ts'
import {
  createGatedOutput,
  createJoinedRun,
  createPipedOutput,
  createRun,
  fill,
  readNow,
  readToEnd,
} from '../../rig/streams.ts'
import { patienceMs, until } from '../../rig/wait.ts'

stayAlive(t)

t.test('a full sink stops the reading, and nothing is lost when it has room again', async (t) => {
  const { output, out, gate, clock, dropped } = createGatedOutput()
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
  const { output, gate, dropped } = createGatedOutput()
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

t.test('one full sink for both streams stops the reading of both', async (t) => {
  const { joined, gate } = createGatedOutput()
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
  const { readEnd, writeEnd, sink, dropped, output } = createPipedOutput(t)
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
  const { readEnd, writeEnd, sink, output } = createPipedOutput(t)
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

t.test(
  'with onOverflow: drop a full sink holds nobody up, and what is lost is counted',
  async (t) => {
    const { joined, gate, dropped, out } = createGatedOutput({ onOverflow: 'drop' })
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
  const { output, out, gate, clock, dropped } = createGatedOutput()
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
