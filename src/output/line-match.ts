import type { Pattern } from '../lib/patterns.ts'
import type { Clock } from '../ports/clock.ts'
import { stripAnsi } from './ansi.ts'

/** Looks for a line that a pattern matches, without holding up the event loop. */
export interface LineMatch {
  readonly hasMatched: boolean
  /** Takes whole lines. */
  push(lines: Buffer): void
  /** Calls back when a line has matched, never before this returns. */
  onMatch(callback: () => void): void
  /** Looks no more. */
  end(): void
}

export interface LineMatchOptions {
  readonly clock: Clock
  /** Lines wait for it. */
  readonly pattern: Promise<Pattern>
}

/** Of each line: what is looked at. */
const mostBytes = 2048
/** Of what waits: lines beyond that are not looked at. */
const mostWaiting = 1 << 20
/** Of one turn. */
const budgetMs = 8

export function createLineMatch({ clock, pattern }: LineMatchOptions): LineMatch {
  const callbacks: (() => void)[] = []
  let waiting = ''
  let compiled: Pattern | null = null
  let isOver = false
  let hasMatched = false
  let isAwaited = false

  /** The first lines that wait, while this turn has time for them. */
  function look(): void {
    if (compiled === null || isOver) return
    const endMonoMs = clock.now().monoMs + budgetMs
    let at = 0
    while (at < waiting.length && !hasMatched && clock.now().monoMs < endMonoMs) {
      const end = waiting.indexOf('\n', at)
      hasMatched = compiled.test(toText(waiting.slice(at, Math.min(end, at + mostBytes))))
      at = end + 1
    }
    waiting = waiting.slice(at)
    if (hasMatched) found()
    else if (waiting !== '') lookLater()
  }

  function lookLater(): void {
    if (isAwaited) return
    isAwaited = true
    clock.afterPoll(() => {
      isAwaited = false
      look()
    })
  }

  function found(): void {
    end()
    clock.afterPoll(() => {
      for (const callback of callbacks.splice(0)) callback()
    })
  }

  function end(): void {
    isOver = true
    waiting = ''
    compiled = null
  }

  // What cannot be loaded is told as an unexpected error, and no line matches.
  void pattern.then((one) => {
    if (!isOver) compiled = one
    look()
  })

  return {
    get hasMatched() {
      return hasMatched
    },
    push(lines) {
      if (isOver || waiting.length + lines.length > mostWaiting) return
      const isIdle = waiting === ''
      waiting += lines.toString('latin1')
      if (isIdle) look()
    },
    onMatch(callback) {
      if (hasMatched) clock.afterPoll(callback)
      else callbacks.push(callback)
    },
    end,
  }
}

/** What a person sees of a line: no colours, and nothing of its end. */
function toText(latin1: string): string {
  const text = stripAnsi(Buffer.from(latin1, 'latin1')).toString()
  return text.endsWith('\r') ? text.slice(0, -1) : text
}
