import { native } from './native.ts'

/**
 * Takes signals before it is known what they mean; returns those that come until {@link listenToSignals} takes them over, in order.
 * Those that `ending` has, as PID 1 alone: the kernel drops what PID 1 has no handler for. Any other process ends by them, which is
 * right as long as it has no child, and may wait for a file.
 */
export function holdSignals(
  ending: readonly number[],
  others: readonly number[],
): readonly number[] {
  const held: number[] = []
  const isPid1 = process.pid === 1
  listenToSignals(isPid1 ? [...ending, ...others] : others, (signal) => held.push(signal))
  if (!isPid1) leaveOtherSignals()
  return held
}

/** Leaves to Node.js, with what has come of it, what nobody listens to now. */
export function leaveOtherSignals(): void {
  native().releaseSignals()
}

/** Takes `signals`, so that none of them has its default action, and hands each that comes to `listener`. */
export function listenToSignals(
  signals: readonly number[],
  listener: (signal: number) => void,
): void {
  for (const signal of signals) {
    const result = native().onSignal(signal, listener)
    if (result < 0) throw new Error(`cannot listen to signal ${signal}: errno ${-result}`)
  }
}
