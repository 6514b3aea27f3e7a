import { errnoOf } from '../lib/errors.ts'
import type { FileTarget } from '../plan/instance-spec.ts'
import type { Clock } from '../ports/clock.ts'
import { byteAt, countLines, createBacklog } from './backlog.ts'
import { type Disk, isStillAt, type OpenFile, openLog } from './disk.ts'
import { createFlush } from './flush.ts'
import type { Rotation } from './rotation.ts'
import type { OnDropped, Sink } from './sink.ts'
import { createWriter, type WriterOptions } from './writer.ts'

/** A file that lines go to, written by the thread pool: where a disk hangs, nobody waits long for it. Has one writer. */
export interface LogFile extends Pick<Sink, 'open' | 'flush'> {
  /** The file that is open may have been renamed: from now on lines go to the one that has the name. */
  reopen(): void
  /** Nothing more is to come: it is closed when everything is written, and `onClosed` called. What comes nevertheless is written too. */
  release(onClosed: () => void): void
  /** More is to come. */
  hold(): void
}

export interface LogFileOptions {
  /** Symbolic links resolved. */
  readonly path: string
  /** As it is now. */
  readonly target: () => Pick<FileTarget, 'maxBytes' | 'maxAgeMs'>
  readonly rotation: Rotation
  readonly disk: Disk
  readonly clock: Clock
}

/** Of lines in one write. */
const mostBytes = 1 << 18
const mostChunks = 64
/** How long a file that cannot be rotated is left to grow, before that is tried again. */
const rotateAgainMs = 60_000
/** How long somebody else who rotates the file is waited for. */
const mostTries = 50
const tryAgainMs = 10
/** How often it is looked whether the file still has its name, and how long nothing is tried after an error. */
const lookEveryMs = 1000
/** So long the children wait for a disk that takes nothing; then lines are dropped until it does. */
const patienceMs = 1000

/**
 * The file is opened for the first line. When it cannot be written, what waits is dropped, and the first line a second later opens
 * it anew. A line is never in two files.
 */
export function createLogFile(options: LogFileOptions): LogFile {
  const { path, target, rotation, disk, clock } = options
  const backlog = createBacklog<OnDropped>()
  const flush = createFlush(clock)
  /** What was written last ends inside of a line. */
  let isInside = false
  let file: OpenFile | null = null
  let isWorking = false
  let isToBeReopened = false
  let onReleased: (() => void) | null = null
  let nextLookMonoMs = 0
  let nextRotationMonoMs = 0
  let failure = { reason: '', untilMonoMs: 0 }
  let writer = createWriter({ limitBytes: 0, mostBytes: 0, onDrain() {} })
  let resume = () => {}
  let giveUpWaiting: (() => void) | null = null
  let isStalled = false

  /** One thing at a time, until nothing is left to be done. */
  async function work(): Promise<void> {
    isWorking = true
    while (backlog.length > 0 || isToBeReopened || (onReleased && file)) {
      try {
        if (backlog.length === 0 && onReleased) await close()
        else await writeSome(await current())
      } catch (error) {
        await fail(errnoOf(error))
      }
    }
    isWorking = false
    flush.done()
    onReleased?.()
  }

  /** The file to write to. It stays the same within a line. */
  async function current(): Promise<OpenFile> {
    if (file && isInside) return file
    const { monoMs } = clock.now()
    if (isToBeReopened || monoMs >= nextLookMonoMs) {
      nextLookMonoMs = monoMs + lookEveryMs
      isToBeReopened = false
      if (file && !(await isStillAt(path, file, disk))) await close()
    }
    file ??= await open()
    if (!isDue(file)) return file
    if ((await isStillAt(path, file, disk)) && !(await rotation.rotate(file.fd))) {
      nextRotationMonoMs = clock.now().monoMs + rotateAgainMs
    }
    await close()
    file = await open()
    return file
  }

  /** Nobody else rotates it from now on. */
  async function open(): Promise<OpenFile> {
    for (let tries = 1; ; tries += 1) {
      const opened = await openLog(path, clock.now(), disk)
      try {
        // Else somebody rotates it at this moment, or has done so since it was opened.
        const isOurs = disk.lock(opened.fd, 'shared') && (await isStillAt(path, opened, disk))
        // Lines are worth more than a lock that somebody keeps.
        if (isOurs || tries === mostTries) return opened
      } catch (error) {
        await disk.close(opened.fd)
        throw error
      }
      await disk.close(opened.fd)
      await new Promise<void>((resolve) => {
        clock.at(clock.now().monoMs + tryAgainMs, resolve)
      })
    }
  }

  function isDue({ size, bornMonoMs }: OpenFile): boolean {
    if (size === 0 || !canRotate()) return false
    const { maxBytes, maxAgeMs } = target()
    const isOld = maxAgeMs > 0 && clock.now().monoMs - bornMonoMs >= maxAgeMs
    return isOld || (maxBytes > 0 && size + lineBytes() > maxBytes)
  }

  function canRotate(): boolean {
    return clock.now().monoMs >= nextRotationMonoMs
  }

  /** Of what is left of the next line. */
  function lineBytes(): number {
    let length = 0
    for (const piece of backlog.pieces(mostChunks)) {
      const at = piece.indexOf(newline)
      if (at >= 0) return length + at + 1
      length += piece.length
    }
    return length
  }

  async function writeSome(open: OpenFile): Promise<void> {
    const { maxBytes } = target()
    const chunks = batch(maxBytes > 0 && canRotate() ? maxBytes - open.size : mostBytes)
    if (chunks.length === 0) return
    const extra = open.isTorn ? 1 : 0
    const result = await disk.write(open.fd, open.isTorn ? [lineEnd, ...chunks] : chunks)
    if (result === 0) throw new Error('nothing was written')
    open.isTorn = false
    open.size += result
    const written = result - extra
    if (written > 0) isInside = byteAt(chunks, written - 1) !== newline
    backlog.take(written, (_, cost) => writer.forget(cost))
    relax()
  }

  /** Whole lines of at most `room` bytes; one at least. */
  function batch(room: number): Uint8Array[] {
    const chunks: Uint8Array[] = []
    let left = Math.max(Math.min(room, mostBytes), lineBytes())
    for (const piece of backlog.pieces(mostChunks)) {
      if (left === 0) break
      chunks.push(piece.subarray(0, left))
      left -= Math.min(left, piece.length)
    }
    for (let last = chunks.pop(); last !== undefined; last = chunks.pop()) {
      const end = last.lastIndexOf(newline) + 1
      if (end > 0) return [...chunks, last.subarray(0, end)]
    }
    return []
  }

  async function fail(reason: string): Promise<void> {
    failure = { reason, untilMonoMs: clock.now().monoMs + lookEveryMs }
    isToBeReopened = false
    isInside = false
    backlog.drop((onDropped, cost, lines) => {
      writer.forget(cost)
      onDropped(lines, reason)
    })
    relax()
    await close()
  }

  async function close(): Promise<void> {
    const open = file
    file = null
    // Some disks tell only now what a write has come to: those lines are gone, and the descriptor too.
    if (open) await disk.close(open.fd).catch(() => {})
  }

  /** The disk took something, or what waited is dropped. */
  function relax(): void {
    isStalled = false
    giveUpWaiting?.()
    giveUpWaiting = null
    writer.relax()
    if (writer.isFull) beImpatient()
  }

  function beImpatient(): void {
    giveUpWaiting ??= clock.at(clock.now().monoMs + patienceMs, () => {
      giveUpWaiting = null
      isStalled = true
      resume()
    })
  }

  return {
    open(given: WriterOptions) {
      writer = createWriter(given)
      resume = given.onDrain
      return {
        get isFull() {
          return writer.isFull && !isStalled
        },
        write(lines, onDropped, format) {
          if (clock.now().monoMs < failure.untilMonoMs) {
            onDropped(countLines(lines), failure.reason)
            return
          }
          if (!writer.hasRoom) {
            onDropped(countLines(lines), isStalled ? 'stalled' : 'full')
            return
          }
          const keep = (bytes: Uint8Array) => writer.keep(backlog.add(bytes, onDropped))
          if (format) format(lines, keep)
          else keep(lines)
          // It does not reject.
          if (!isWorking) void work()
          if (writer.isFull && !isStalled) beImpatient()
        },
      }
    },
    reopen() {
      if (file === null) return
      isToBeReopened = true
      // It does not reject.
      if (!isWorking) void work()
    },
    release(onClosed) {
      onReleased = onClosed
      // It does not reject.
      if (!isWorking) void work()
    },
    hold() {
      onReleased = null
    },
    async flush(deadlineMs) {
      if (isWorking) await flush.wait(deadlineMs)
    },
  }
}

const newline = 10
const lineEnd = Buffer.from('\n')
