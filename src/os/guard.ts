import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync } from 'node:fs'
import type { Guard } from '../ports/guard.ts'
import { monoMs } from './clock.ts'
import { execHelperPath, native } from './native.ts'
import { isProcOurs, statOf } from './procfs.ts'

/** A guard that is a process of its own. */
export interface GuardProcess extends Guard {
  /** Whether `pid` is that process: it is no run's, and no part of what a shutdown ends. */
  isGuard(pid: number): boolean
  /** Resolves when the children that are there are guarded, as far as they can be. */
  settled(): Promise<void>
}

/** Watches nothing. */
export const noGuard: GuardProcess = {
  watch() {},
  forget() {},
  isGuard: () => false,
  async settled() {},
}

/**
 * Makes a guard, for when Ringmaster is not PID 1. Its process (src/native/guard.h) is started soon after the first children,
 * is started again when it dies, and ends by itself when Ringmaster has. `onProblem` hears once, in words, of each thing that
 * leaves children unguarded; all else goes on.
 */
export function createGuard(onProblem: (problem: string) => void): GuardProcess {
  const canLook = isProcOurs()
  /** When each was started, in clock ticks. */
  const watched = new Map<number, number>()
  const told = new Set<string>()
  let current: Connection | null = null
  let isStarting = false
  let hasGivenUp = false
  const awaitingStart: (() => void)[] = []
  /** When the last processes were started, in ms. */
  let starts: readonly number[] = []

  function tell(problem: string): void {
    if (!told.has(problem)) onProblem(problem)
    told.add(problem)
  }

  function giveUp(reason: string): void {
    hasGivenUp = true
    tell(`${reason}: what children have started may outlive Ringmaster if that is killed`)
  }

  /** A spawn blocks for some 3 ms, so children that are started turn by turn of the event loop go first. */
  function startSoon(known = 0, turnsLeft = mostTurns): void {
    isStarting = true
    setImmediate(() => {
      if (watched.size > known && turnsLeft > 0) startSoon(watched.size, turnsLeft - 1)
      else start()
    })
  }

  function start(): void {
    isStarting = false
    // Who waits goes on after this turn.
    for (const resolve of awaitingStart.splice(0)) resolve()
    const now = monoMs()
    starts = [...starts.filter((atMs) => atMs > now - 60_000), now]
    if (starts.length > mostStarts) {
      giveUp(`the guard ended or could not be started ${mostStarts} times in a minute`)
      return
    }
    current = connect({
      onEnd() {
        current = null
        startSoon()
      },
      onStuck() {
        giveUp('the guard does not read and cannot be killed')
      },
    })
    if (current === null) {
      isStarting = true
      setTimeout(start, retryMs).unref()
    } else {
      current.send(Buffer.concat([...watched].map(([pid, ticks]) => record(pid, ticks, true))))
    }
  }

  function settled(): Promise<void> {
    return new Promise((resolve) => {
      if (isStarting) awaitingStart.push(resolve)
      else resolve()
    })
  }

  return {
    watch(pid) {
      const ticks = canLook ? statOf(pid)?.startTicks : undefined
      if (ticks === undefined) {
        tell('/proc does not tell when children were started: what they start is not guarded')
      } else if (watched.size >= mostWatched) {
        tell(`more than ${mostWatched} children: those beyond are not guarded`)
      } else {
        watched.set(pid, ticks)
        if (current) current.send(record(pid, ticks, true))
        else if (!isStarting && !hasGivenUp) startSoon()
      }
    },

    forget(pid) {
      if (watched.delete(pid)) current?.send(record(pid, 0, false))
    },

    isGuard: (pid) => pid === current?.pid,

    settled,
  }
}

/** The size of the table in src/native/guard.h. */
const mostWatched = 16_384
const mostTurns = 10
/** In a minute. */
const mostStarts = 5
const retryMs = 1000
/** Records in one write. */
const mostAtOnce = 64
/** How often a pipe that is full is tried again, and for how long. */
const tryAgainMs = 2
const stuckMs = 1000

const EPIPE = 32

interface Connection {
  readonly pid: number
  /** Never blocks; it is written at the end of this turn, and what the pipe does not take then is kept. */
  send(records: Buffer): void
}

/** Starts a process of the guard; null when there is none to be had now. */
function connect(listeners: { onEnd(): void; onStuck(): void }): Connection | null {
  const pipe = native().pipe()
  if (typeof pipe === 'number') return null
  const [readEnd, fd] = pipe
  const child = spawnGuard(readEnd)
  closeSync(readEnd)
  const pid = child?.pid
  if (!child || pid === undefined) {
    closeSync(fd)
    return null
  }
  /** In order. */
  let unsent: Buffer[] = []
  let fullSinceMs: number | null = null
  let timer: NodeJS.Timeout | undefined
  let isOver = false
  child.unref()
  // The end of the pipe would have it kill: so the pipe is closed only when it is gone.
  child.once('exit', () => {
    clearTimeout(timer)
    isOver = true
    closeSync(fd)
    listeners.onEnd()
  })

  function flush(): void {
    timer = undefined
    if (isOver) return
    let left = Buffer.concat(unsent)
    for (let written = 1; left.length > 0 && written > 0; ) {
      written = native().write(fd, [left])
      // Its exit is about to be told, and the next one gets the whole list.
      if (written === -EPIPE) left = Buffer.alloc(0)
      else if (written > 0) {
        fullSinceMs = null
        left = left.subarray(written)
      }
    }
    unsent = left.length > 0 ? [left] : []
    if (left.length > 0) waitForRoom()
  }

  /** It reads at once, unless somebody has stopped it: then another takes its place. */
  function waitForRoom(): void {
    const now = monoMs()
    fullSinceMs ??= now
    if (now - fullSinceMs < stuckMs) {
      timer = setTimeout(flush, tryAgainMs).unref()
    } else if (!child?.kill('SIGKILL')) {
      // EPERM: Ringmaster is no longer root.
      isOver = true
      unsent = []
      listeners.onStuck()
    }
  }

  return {
    pid,
    send(records) {
      if (isOver) return
      unsent.push(records)
      if (timer !== undefined) return
      // Each write wakes it: what becomes known in one turn goes in one.
      if (unsent.length === 1) queueMicrotask(flush)
      else if (unsent.length >= mostAtOnce) flush()
    },
  }
}

function spawnGuard(readEnd: number): ChildProcess | null {
  try {
    const child = spawn(execHelperPath(), ['guard'], {
      stdio: [readEnd, 'ignore', 'ignore'],
      env: {},
    })
    // What fork and kill answer is seen where they are called.
    return child.on('error', () => {})
  } catch (error) {
    if (error instanceof Error && 'code' in error) return null
    throw error
  }
}

/** A `struct record` of src/native/guard.h; both CPUs are little-endian. */
function record(pid: number, startTicks: number, isWatched: boolean): Buffer {
  const bytes = Buffer.alloc(16)
  bytes.writeBigUInt64LE(BigInt(startTicks), 0)
  bytes.writeInt32LE(pid, 8)
  bytes.writeUInt32LE(isWatched ? 1 : 0, 12)
  return bytes
}
