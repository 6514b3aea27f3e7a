import type { Clock } from '../ports/clock.ts'

export const systemClock: Clock = {
  now: () => ({ monoMs: monoMs(), wallMs: Date.now() }),
  unit: Math.random,
  at(atMonoMs, callback) {
    // Node.js rounds down and would fire up to 1 ms early; a delay over 2^31-1 ms would fire at once.
    const delayMs = Math.min(Math.max(0, Math.ceil(atMonoMs - monoMs())), 2 ** 31 - 1)
    const timer = setTimeout(callback, delayMs)
    return () => clearTimeout(timer)
  },
  afterPoll(callback) {
    setImmediate(callback)
  },
}

/** Not `performance.now()`: its modules, which nothing else here needs, would cost the first spawn 1 ms. */
export function monoMs(): number {
  const [seconds, nanos] = process.hrtime()
  return seconds * 1000 + nanos / 1e6
}
