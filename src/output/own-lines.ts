import type { Clock } from '../ports/clock.ts'
import type { OnDropped, Sink } from './sink.ts'

/** What Ringmaster itself says on stderr, and the count of all lines, also the children's, that nobody will read. */
export interface OwnLines {
  /** Takes a line of the log, with its newline. Never waits: see {@link logLimitBytes}. */
  write(line: string): void
  /** Counts dropped lines of one kind; `what` ends the phrase "lines dropped: 3 of …". */
  count(what: string): OnDropped
  /**
   * From now on `say` tells what was dropped: soon after the first line, then at most once a minute. It goes to stderr as the
   * log does, or to stdout while stderr refuses all.
   */
  report(say: Say): void
  /** Tells now what is not told yet, before the end. */
  conclude(): void
}

/** Makes a line of `message` and gives it to `write`. */
export type Say = (message: string, write: (line: string) => void) => void

export interface OwnLinesOptions {
  readonly stdout: Sink
  /** May be the same sink. */
  readonly stderr: Sink
  readonly clock: Clock
}

/** At twice this, about 1,000 lines, more of the log is dropped while stderr takes nothing. */
export const logLimitBytes = 1 << 18

export function createOwnLines({ stdout, stderr, clock }: OwnLinesOptions): OwnLines {
  const counters: Counter[] = []
  let say: Say | null = null
  let isWaiting = false
  let nextAtMonoMs = 0

  const count = (what: string): OnDropped => {
    const counter: Counter = { what, lines: 0, reason: '', isSaid: true }
    counters.push(counter)
    return (lines, reason) => {
      counter.lines += lines
      counter.reason = reason
      counter.isSaid = false
      sayLater()
    }
  }
  const onDropped = count('the log')
  const open = (sink: Sink) =>
    sink.open({ limitBytes: logLimitBytes, mostBytes: 2 * logLimitBytes, onDrain: sayLater })
  const usual = open(stderr)
  const other = open(stdout)

  function sayLater(): void {
    if (isWaiting || say === null || counters.every(({ isSaid }) => isSaid)) return
    isWaiting = true
    clock.at(Math.max(clock.now().monoMs, nextAtMonoMs), () => {
      isWaiting = false
      sayNow()
    })
  }

  /** Says totals, so that the next message makes up for one that is dropped itself. */
  function sayNow(): void {
    const writer = stderr.isRefusing && !stdout.isRefusing ? other : usual
    // What is dropped for want of room is told where the gap is: when there is room again.
    if (writer.isFull || say === null) return
    nextAtMonoMs = clock.now().monoMs + sayEveryMs
    const dropped = counters.filter(({ lines }) => lines > 0)
    for (const counter of dropped) counter.isSaid = true
    const parts = dropped.map(({ lines, what, reason }) => `${lines} of ${what} (${reason})`)
    say(`lines dropped since the start: ${parts.join(', ')}`, (line) =>
      writer.write(Buffer.from(line), onDropped),
    )
  }

  return {
    write: (line) => usual.write(Buffer.from(line), onDropped),
    count,
    report(newSay) {
      say = newSay
      sayLater()
    },
    conclude() {
      if (counters.some(({ isSaid }) => !isSaid)) sayNow()
    },
  }
}

const sayEveryMs = 60_000

interface Counter {
  readonly what: string
  lines: number
  reason: string
  isSaid: boolean
}
