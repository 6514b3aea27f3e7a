import type { InstanceSpec, OutputCheck } from '../plan/instance-spec.ts'
import type { Clock } from '../ports/clock.ts'
import type { OutputStream } from '../ports/output.ts'
import { createLineMatch, type LineMatch } from './line-match.ts'
import type { Tail } from './tail.ts'

/** What probes want to know of the output of a run. */
export interface Watch extends Pick<OutputStream, 'probe'> {
  /** A tail that tells the watch that something was read. */
  overhearing(tail: Pick<Tail, 'push'>): Pick<Tail, 'push'>
  /** Hears of all lines that were read. */
  hear(lines: Buffer): void
  /** The run is over. */
  end(): void
}

export interface WatchOptions {
  readonly clock: Clock
  /** Reads what is there; false when nothing is read at present, so that the run may have to wait. */
  readonly catchUp: () => boolean
}

/** undefined where nobody asks for it, which then costs nothing. */
export function createWatch(
  checks: InstanceSpec['checks'],
  { clock, catchUp }: WatchOptions,
): Watch | undefined {
  const matches = new Map<string, LineMatch>()
  let hasSilence = false
  for (const check of Object.values(checks)) {
    if (check.kind === 'logSilence') hasSilence = true
    if (check.kind !== 'logLine' || matches.has(check.pattern)) continue
    const { pattern } = check
    const loaded = import('../lib/patterns.ts').then((one) => one.compilePattern(pattern))
    matches.set(pattern, createLineMatch({ clock, pattern: loaded }))
  }
  if (matches.size === 0 && !hasSilence) return undefined
  let lastMonoMs = clock.now().monoMs

  function lookForSilence({ ms }: Extract<OutputCheck, { kind: 'logSilence' }>) {
    const isRead = catchUp()
    const { monoMs } = clock.now()
    if (monoMs - lastMonoMs < ms) {
      return { isOk: true, detail: '', againAtMonoMs: lastMonoMs + ms }
    }
    if (isRead) return { isOk: false, detail: `no output for ${ms / 1000} s` }
    // Who cannot write is not silent.
    return { isOk: null, detail: 'its output waits for a reader', againAtMonoMs: monoMs + ms }
  }

  return {
    overhearing(tail) {
      if (!hasSilence) return tail
      return {
        push(bytes) {
          lastMonoMs = clock.now().monoMs
          tail.push(bytes)
        },
      }
    },
    hear(lines) {
      for (const match of matches.values()) match.push(lines)
    },
    probe(check, onEnd) {
      let isOver = false
      const answer = (outcome: Parameters<typeof onEnd>[0]) => {
        if (!isOver) onEnd(outcome)
      }
      if (check.kind === 'logLine') {
        matches.get(check.pattern)?.onMatch(() => answer({ isOk: true, detail: 'a line matched' }))
      } else {
        clock.afterPoll(() => {
          if (!isOver) answer(lookForSilence(check))
        })
      }
      return () => {
        isOver = true
      }
    },
    end() {
      for (const match of matches.values()) match.end()
    },
  }
}
