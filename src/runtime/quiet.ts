import type { Clock } from '../ports/clock.ts'

export interface QuietOptions {
  /** Without a change. */
  readonly quietMs: number
  /** … or with changes all the time. */
  readonly longestMs: number
  /** So many changes are worth another call. */
  readonly many: number
}

/** Calls `callback` once it is quiet, and again each time that it is so after many changes. `change` takes the time of one, on the monotonic clock. */
export function whenQuiet(
  clock: Clock,
  { quietMs, longestMs, many }: QuietOptions,
  callback: () => void,
): { readonly change: (atMonoMs: number) => void } {
  /** Since the last call. */
  let changes = 0
  let lastMs = Number.NEGATIVE_INFINITY
  let isWaiting = false
  begin()
  return {
    change(atMonoMs) {
      changes += 1
      lastMs = atMonoMs
      if (!isWaiting && changes >= many) begin()
    },
  }

  function begin(): void {
    isWaiting = true
    wait(clock.now().monoMs + quietMs, clock.now().monoMs + longestMs)
  }

  function wait(untilMs: number, latestMs: number): void {
    clock.at(Math.min(untilMs, latestMs), () => {
      const { monoMs } = clock.now()
      if (monoMs < Math.min(lastMs + quietMs, latestMs)) {
        wait(lastMs + quietMs, latestMs)
        return
      }
      changes = 0
      isWaiting = false
      callback()
    })
  }
}
