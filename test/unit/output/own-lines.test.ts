import { constants } from 'node:os'
import t from 'tap'
import { createOwnLines, logLimitBytes } from '../../../src/output/own-lines.ts'
import { createSink } from '../../../src/output/sink.ts'
import { createManualClock, type ManualClock } from '../../rig/manual-clock.ts'
import { untold } from '../../rig/readiness.ts'

const { EAGAIN, EPIPE, ENOSPC } = constants.errno

/** A descriptor that takes all, or answers `errno`, and the sink of it. */
function createDescriptor(clock: ManualClock) {
  const state = { errno: 0, text: '' }
  const write = (_fd: number, chunks: readonly Uint8Array[]) => {
    if (state.errno !== 0) return -state.errno
    const bytes = Buffer.concat(chunks)
    state.text += bytes
    return bytes.length
  }
  /** What was written since the last call. */
  const take = () => {
    const { text } = state
    state.text = ''
    return text
  }
  return { state, take, sink: createSink({ fd: 1, clock, write, readiness: untold }) }
}

function createParts() {
  const clock = createManualClock()
  const stdout = createDescriptor(clock)
  const stderr = createDescriptor(clock)
  const lines = createOwnLines({ stdout: stdout.sink, stderr: stderr.sink, clock })
  return { clock, stdout, stderr, lines }
}

/** A log whose lines are the bare messages. */
function print(message: string, write: (line: string) => void): void {
  write(`${message}\n`)
}

const minuteMs = 60_000

t.test('lines of the log go to stderr', async (t) => {
  const { lines, stdout, stderr } = createParts()
  lines.write('one\n')
  t.equal(stderr.state.text, 'one\n')
  t.equal(stdout.state.text, '')
})

t.test('what was dropped is said soon, and then at most once a minute', async (t) => {
  const { lines, stderr, clock } = createParts()
  lines.report(print)
  const drop = lines.count('stdout')
  drop(1, 'EPIPE')
  drop(2, 'EPIPE')
  clock.advance(1)
  t.equal(stderr.take(), 'lines dropped since the start: 3 of stdout (EPIPE)\n')
  for (let i = 0; i < 59; i += 1) {
    drop(1, 'EPIPE')
    clock.advance(1000)
  }
  t.equal(stderr.take(), '')
  clock.advance(1000)
  t.equal(stderr.take(), 'lines dropped since the start: 62 of stdout (EPIPE)\n')
  t.equal(clock.nextAt(), Infinity, 'no timer when there is nothing to say')
  clock.advance(2 * minuteMs)
  drop(1, 'ENOSPC')
  clock.advance(1)
  t.equal(stderr.take(), 'lines dropped since the start: 63 of stdout (ENOSPC)\n')
})

t.test('each kind of lines is counted apart, and all are said in one line', async (t) => {
  const { lines, stderr, clock } = createParts()
  const [one, two] = [lines.count('stdout'), lines.count('stderr')]
  lines.count('nothing')
  two(5, 'full')
  one(7, 'EPIPE')
  clock.advance(minuteMs)
  t.equal(stderr.take(), '', 'there is no log yet')
  lines.report(print)
  clock.advance(1)
  t.equal(stderr.take(), 'lines dropped since the start: 7 of stdout (EPIPE), 5 of stderr (full)\n')
})

t.test('a log that is not read is bounded, and its gap is told where it is', async (t) => {
  const { lines, stdout, stderr, clock } = createParts()
  lines.report(print)
  stderr.state.errno = EAGAIN
  const line = `${'x'.repeat(999)}\n`
  for (let i = 0; i < 10_000; i += 1) lines.write(line)
  clock.advance(10 * minuteMs)
  t.equal(stdout.state.text, '', 'stderr is slow, not gone')
  stderr.state.errno = 0
  clock.advance(16)
  clock.advance(1)
  lines.write('later\n')
  const text = stderr.take()
  t.ok(text.length < 2 * logLimitBytes + line.length, `${text.length} bytes were kept`)
  const [, kept = '', count, rest] =
    /^((?:x+\n)+)lines dropped since the start: (\d+) of the log \(full\)\n(.*)$/s.exec(text) ?? []
  t.equal(kept.length / line.length + Number(count), 10_000)
  t.equal(rest, 'later\n')
  t.equal(clock.nextAt(), Infinity)
})

t.test('where stderr is gone, it is said on stdout', async (t) => {
  const { lines, stdout, stderr, clock } = createParts()
  lines.report(print)
  stderr.state.errno = EPIPE
  lines.write('one\n')
  clock.advance(1)
  t.equal(stdout.take(), 'lines dropped since the start: 1 of the log (EPIPE)\n')
  lines.write('two\n')
  clock.advance(minuteMs)
  t.equal(stdout.take(), 'lines dropped since the start: 2 of the log (EPIPE)\n')
  stderr.state.errno = 0
  lines.write('three\n')
  t.equal(stderr.take(), 'three\n')
  t.equal(stdout.take(), '')
})

t.test('where both are gone, it is tried once a minute, and counts on', async (t) => {
  const { lines, stdout, stderr, clock } = createParts()
  lines.report(print)
  const drop = lines.count('stdout')
  stdout.state.errno = ENOSPC
  stderr.state.errno = EPIPE
  stdout.sink
    .open({ limitBytes: 100, mostBytes: 200, onDrain() {} })
    .write(Buffer.from('a\n'), drop)
  lines.write('one\n')
  clock.advance(10 * minuteMs)
  const tries = (clock.nextAt() - clock.now().monoMs) / minuteMs
  t.ok(tries > 0 && tries <= 1, 'the next try is within a minute')
  stderr.state.errno = 0
  clock.advance(minuteMs)
  t.match(
    stderr.take(),
    /^lines dropped since the start: 1\d of the log \(EPIPE\), 1 of stdout \(ENOSPC\)\n$/,
  )
  t.equal(stdout.state.text, '')
  t.equal(clock.nextAt(), Infinity)
})

t.test('one sink may serve for both', async (t) => {
  const clock = createManualClock()
  const both = createDescriptor(clock)
  const lines = createOwnLines({ stdout: both.sink, stderr: both.sink, clock })
  lines.report(print)
  both.state.errno = EPIPE
  lines.write('one\n')
  clock.advance(1)
  both.state.errno = 0
  lines.write('two\n')
  clock.advance(minuteMs)
  t.equal(both.state.text, 'two\nlines dropped since the start: 2 of the log (EPIPE)\n')
})

t.test('the end says what is not said yet, and only that', async (t) => {
  const { lines, stderr } = createParts()
  const drop = lines.count('stdout')
  lines.conclude()
  drop(1, 'full')
  lines.conclude()
  t.equal(stderr.take(), '', 'nobody can make a line of it')
  lines.report(print)
  lines.conclude()
  t.equal(stderr.take(), 'lines dropped since the start: 1 of stdout (full)\n')
  lines.conclude()
  t.equal(stderr.take(), '')
})
