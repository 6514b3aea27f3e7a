import { native } from './native.ts'

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
