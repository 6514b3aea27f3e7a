import type { LinesSpec } from '../plan/plan.ts'
import type { Clock } from '../ports/clock.ts'
import type { Lines, LinesListener } from '../ports/lines.ts'
import type { FormatLines, LastWords, Output, OutputCounts } from '../ports/output.ts'
import type { Readiness } from '../ports/readiness.ts'
import { stripAnsi } from './ansi.ts'
import { createFormatters, type Formatter } from './format.ts'
import { createLineBuffer, createReadBuffer, type ReadBuffer, splitMark } from './lines.ts'
import type { LogFile } from './log-file.ts'
import type { LogFiles, OpenedFile } from './log-files.ts'
import { type PipeReader, readPipe } from './pipe-reader.ts'
import type { OnDropped, Sink } from './sink.ts'
import { createTail, type Tail } from './tail.ts'
import { createWatch } from './watch.ts'
import type { WriterOptions } from './writer.ts'

export interface CountedOutput extends Output, Lines {
  /** By the name of an instance; kept up to date. */
  readonly counts: ReadonlyMap<string, OutputCounts>
  /** As `lastWords`, of one run, with what it has written and nobody has read yet; nothing once the next one has begun. */
  lastWordsOf(instance: string, run: number): LastWords
}

export interface OutputOptions {
  /** Where the stdout and the stderr of all runs go; may be one. */
  readonly stdout: Sink
  readonly stderr: Sink
  readonly clock: Clock
  readonly readiness: Readiness
  readonly formatLines: FormatLines
  readonly lines: LinesSpec
  /** Colours of prefixes, by the name of a process; a stream that has none has none. */
  readonly colors: Readonly<Partial<Record<'stdout' | 'stderr', (process: string) => number>>>
  readonly files: Pick<LogFiles, 'open' | 'forget' | 'reopen'>
  /** Makes what counts the lines that are lost on one way, such as `stdout`, or to a file. */
  readonly count: (what: string) => OnDropped
}

/** Carries the lines of every run to our own stdout and stderr, or to its file. With `onOverflow: block` a full sink stops the reading, so that the children wait: nothing is lost. */
export function createOutput(options: OutputOptions): CountedOutput {
  const { stdout, stderr, clock, count, lines, colors, files, readiness } = options
  const read = createReadBuffer(readBytes, lines.maxLineBytes)
  const createFormatter = createFormatters(
    options.formatLines,
    clock,
    lines.maxLineBytes + splitMark.length,
  )
  const open = (sink: Pick<Sink, 'open'>, spec: LinesSpec, bounds: Bounds, what: string) =>
    createLane({ sink, read, readiness, spec, bounds, onDropped: count(what) })
  const lane = open(stdout, lines, sinkBounds, 'stdout')
  const lanes = {
    stdout: lane,
    stderr: stderr === stdout ? lane : open(stderr, lines, sinkBounds, 'stderr'),
  }
  const fileLanes = new WeakMap<LogFile, Lane>()
  /** The lines of all runs of an instance go one way. */
  function laneTo({ file, use }: OpenedFile): Lane {
    const known = fileLanes.get(file)
    if (known) return known
    // It waits for no reader, so it never waits long.
    const lane = open(file, { ...lines, onOverflow: 'block' }, fileBounds, use.target.file)
    fileLanes.set(file, lane)
    return lane
  }
  const counts = new Map<string, Partial<Record<(typeof streams)[number], Tally>>>()
  const tails = new Map<string, Partial<Record<(typeof streams)[number], Tail>>>()
  /** The newest run of each instance. */
  const newest = new Map<string, { readonly run: number; readonly words: () => LastWords }>()
  const followers = new Set<LinesListener>()
  return {
    counts,
    follow(listener) {
      followers.add(listener)
      return () => void followers.delete(listener)
    },
    reopenFiles: files.reopen,
    forget(instance) {
      counts.delete(instance)
      tails.delete(instance)
      newest.delete(instance)
      files.forget(instance)
    },
    lastWords(instance) {
      const tail = tails.get(instance)
      return { stdout: tail?.stdout?.text() ?? '', stderr: tail?.stderr?.text() ?? '' }
    },
    lastWordsOf(instance, run) {
      const last = newest.get(instance)
      return last?.run === run ? last.words() : { stdout: '', stderr: '' }
    },
    attach(source, onEnd) {
      const sources = streams.flatMap((stream) => {
        const fd = source[stream]
        return fd === null ? [] : [{ stream, fd }]
      })
      let open = sources.length
      if (open === 0) clock.afterPoll(onEnd)
      const tallies = counts.get(source.instance) ?? {}
      const tail = tails.get(source.instance) ?? {}
      if (sources.length > 0) {
        counts.set(source.instance, tallies)
        tails.set(source.instance, tail)
      }
      const since = { stdout: 0, stderr: 0 }
      const used = new Set<Lane>()
      const watch = createWatch(source.checks ?? {}, { clock, catchUp })
      const readers = sources.map(({ stream, fd }) => {
        tallies[stream] ??= { bytes: 0, droppedLines: 0 }
        tail[stream] ??= createTail(tailBytes)
        since[stream] = tallies[stream].bytes
        const target = source.logs[stream]
        const opened =
          typeof target === 'object'
            ? files.open({ instance: source.instance, stream, target })
            : undefined
        const format = opened?.use.target.format ?? source.logs.format
        const style = {
          hasTimestamps: lines.hasTimestamps,
          color: opened ? null : (colors[stream]?.(source.process) ?? null),
        }
        const formatter = createFormatter(format, { ...source, stream }, style)
        const lane = opened ? laneTo(opened) : lanes[stream]
        used.add(lane)
        const hear = (bytes: Buffer) => {
          watch?.hear?.(bytes)
          for (const follower of followers) follower(source.instance, stream, bytes)
        }
        return lane.open({
          ...{ fd, formatter, tally: tallies[stream], hear },
          tail: watch?.overhearing(tail[stream]) ?? tail[stream],
          onEnd() {
            open -= 1
            if (open > 0) return
            readers.length = 0
            onEnd()
          },
        })
      })
      function catchUp(): boolean {
        for (const lane of used) if (lane.hasToWait()) return false
        for (const reader of readers) reader.catchUp()
        return true
      }
      const words = () => {
        for (const reader of readers) reader.catchUp()
        return {
          stdout: tail.stdout?.text(since.stdout) ?? '',
          stderr: tail.stderr?.text(since.stderr) ?? '',
        }
      }
      newest.set(source.instance, { run: source.run, words })
      return {
        release() {
          watch?.end()
          for (const reader of readers) reader.release()
        },
        lastWords: words,
        probe(check, onEnd) {
          if (watch === undefined) throw new Error(`no ${check.kind} of ${source.instance}`)
          return watch.probe(check, onEnd)
        },
      }
    },
  }
}

const streams = ['stdout', 'stderr'] as const
/** What a pipe holds by default: see pipe(7). */
const readBytes = 65_536
type Bounds = Pick<WriterOptions, 'limitBytes' | 'mostBytes'>
/**
 * Of what waits for a sink. At the limit the reading stops; what was read then is kept too, however large its format makes it. Only
 * what is read nevertheless comes to the most: of processes that never wait, and last words.
 */
const sinkBounds: Bounds = { limitBytes: 1 << 16, mostBytes: 1 << 21 }
/** A disk takes larger pieces; and there may be a file for each stream of each instance. */
const fileBounds: Bounds = { limitBytes: 1 << 18, mostBytes: 1 << 19 }
/** Kept of each stream of an instance, as it came. What Node.js prints when its heap is full is a quarter of this. */
const tailBytes = 8192

interface Tally {
  bytes: number
  droppedLines: number
}

/** All pipes that lead to one sink. */
interface Lane {
  /** Its pipes are not read at present. */
  hasToWait(): boolean
  open(stream: Stream): PipeReader
}

interface Stream {
  readonly fd: number
  readonly tally: Tally
  readonly tail: Pick<Tail, 'push'>
  readonly formatter: Formatter
  /** Hears of all lines. */
  readonly hear: (lines: Buffer) => void
  readonly onEnd: () => void
}

interface LaneOptions {
  readonly sink: Pick<Sink, 'open'>
  readonly read: ReadBuffer
  readonly readiness: Readiness
  readonly spec: LinesSpec
  readonly bounds: Bounds
  readonly onDropped: OnDropped
}

function createLane({ sink, read, readiness, spec, bounds, onDropped }: LaneOptions): Lane {
  const { stripsAnsi, maxLineBytes, onOverflow } = spec
  const readers = new Set<PipeReader>()
  const writer = sink.open({
    ...bounds,
    // epoll reports them in this order.
    onDrain() {
      for (const reader of readers) reader.resume()
    },
  })

  const hasToWait = () => onOverflow === 'block' && writer.isFull

  function write(lines: Buffer, { formatter, hear }: Stream, onDropped: OnDropped): void {
    if (lines.length === 0) return
    hear(lines)
    writer.write(stripsAnsi ? stripAnsi(lines) : lines, onDropped, formatter)
    if (hasToWait()) for (const reader of readers) reader.pause()
  }

  /** Who fills the sink is the last to be read again, so that a loud child keeps no other out. */
  function moveToEnd(reader: PipeReader): void {
    readers.delete(reader)
    readers.add(reader)
  }

  return {
    hasToWait,
    open(stream) {
      const { fd, tally, tail } = stream
      const lines = createLineBuffer(read, maxLineBytes)
      const drop: OnDropped = (count, reason) => {
        tally.droppedLines += count
        onDropped(count, reason)
      }
      const reader = readPipe(fd, read.space, readiness, {
        read(length) {
          tally.bytes += length
          tail.push(read.space.subarray(0, length))
          write(lines.push(length), stream, drop)
          if (hasToWait()) moveToEnd(reader)
        },
        end() {
          readers.delete(reader)
          write(lines.end(), stream, drop)
          stream.onEnd()
        },
      })
      readers.add(reader)
      if (hasToWait()) reader.pause()
      return reader
    },
  }
}
