import { closeSync, readlinkSync, readSync, writeSync } from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'
import type { Test } from 'tap'
import { systemClock } from '../../src/os/clock.ts'
import { native } from '../../src/os/native.ts'
import { readiness } from '../../src/os/readiness.ts'
import { createSink } from '../../src/output/sink.ts'
import { type CountedOutput, createOutput, type OutputOptions } from '../../src/output/streams.ts'
import type { LogFormat, LogsSpec } from '../../src/plan/instance-spec.ts'
import type { LinesSpec } from '../../src/plan/plan.ts'
import type { OutputSource } from '../../src/ports/output.ts'
import { createManualClock } from './manual-clock.ts'
import { openPipe } from './pipes.ts'
import { untold } from './readiness.ts'
import { usualLines } from './specs.ts'
import { until } from './wait.ts'

const files: OutputOptions['files'] = {
  open() {
    throw new Error('no file')
  },
  forget() {},
  reopen() {},
}
const { formatLines } = native()
const machine = { files, readiness, formatLines }

/** The output of runs, of which both sinks are seen; while `gate.errno` is set they take nothing. */
export function createGatedOutput(
  asked: Partial<LinesSpec> = {},
  colors: OutputOptions['colors'] = {},
) {
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

/** A run with a pipe for each stream. */
export function createRun(instance = 'web.1', format: LogFormat = 'prefix') {
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
export function createJoinedRun(instance: string, format: LogFormat) {
  const [stdout, end] = openPipe()
  return {
    source: { instance, process: 'web', run: 1, logs: logsOf(format), stdout, stderr: null },
    end,
  }
}

/** An output whose sink is a real pipe. */
export function createPipedOutput(t: Test) {
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
export async function writeAndWait(
  { counts }: Pick<CountedOutput, 'counts'>,
  { instance }: OutputSource,
  end: number,
  text: string,
): Promise<void> {
  const read = () => counts.get(instance)?.stdout?.bytes ?? 0
  const wanted = read() + writeSync(end, Buffer.from(text, 'latin1'))
  await until(() => read() === wanted)
}

/** What the reads of {@link fill} give; all of them are more than waits for one sink. */
export const filler = `${'y'.repeat(59_999)}\n`
export const fillers = 2

/** Fills the sink of `output` while its descriptor takes nothing. */
export async function fill(output: ReturnType<typeof createGatedOutput>['output']): Promise<void> {
  const { source, stdoutEnd, close } = createRun('filler', 'raw')
  output.attach(source, () => {})
  for (let i = 0; i < fillers; i += 1) await writeAndWait(output, source, stdoutEnd, filler)
  close()
}

/** All that comes on `fd`, `step` bytes at a time; closes it. */
export async function readToEnd(fd: number, step: number): Promise<string> {
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
export function readNow(fd: number, buffer: Buffer): number | undefined {
  try {
    return readSync(fd, buffer)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
    return undefined
  }
}

/** What `fd` is, to tell whether it is still the same. */
export function identify(fd: number): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`)
  } catch {
    return 'closed'
  }
}

/** With both streams captured. */
export function logsOf(format: LogFormat): LogsSpec {
  return { format, stdout: 'capture', stderr: 'capture' }
}
