import type { Clock } from '../ports/clock.ts'

export interface QuietOptions {
  /** Without a change. */
  readonly quietMs: number
  /** … or with changes all the time. */
  readonly longestMs: number
  /** So many changes are worth another call. */
  readonly many: number
}

/** Calls `callback` once it is quiet, and again each time that it is so after many changes. */
export function whenQuiet(
  clock: Clock,
  { quietMs, longestMs, many }: QuietOptions,
  callback: () => void,
): { readonly change: () => void } {
  /** Since the last call. */
  let changes = 0
  let isWaiting = false
  begin()
  return {
    change() {
      changes += 1
      if (!isWaiting && changes >= many) begin()
    },
  }

  function begin(): void {
    isWaiting = true
    wait(clock.now().monoMs + longestMs)
  }

  function wait(latestMs: number): void {
    const before = changes
    clock.at(clock.now().monoMs + quietMs, () => {
      if (changes > before && clock.now().monoMs < latestMs) {
        wait(latestMs)
        return
      }
      changes = 0
      isWaiting = false
      callback()
    })
  }
}
