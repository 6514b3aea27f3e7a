import type { Clock } from '../ports/clock.ts'

/** Calls `callback` once: after the first `quietMs` without a change, or when so much was going on for `longestMs`. */
export function whenQuiet(
  clock: Clock,
  { quietMs, longestMs }: { readonly quietMs: number; readonly longestMs: number },
  callback: () => void,
): { readonly change: () => void } {
  const latestMs = clock.now().monoMs + longestMs
  let hasChanged = false
  wait()
  return {
    change() {
      hasChanged = true
    },
  }

  function wait(): void {
    clock.at(clock.now().monoMs + quietMs, look)
  }

  function look(): void {
    if (!hasChanged || clock.now().monoMs >= latestMs) callback()
    else {
      hasChanged = false
      wait()
    }
  }
}
