import { holdSignals } from '../os/signal-source.ts'
import { toSignals } from '../plan/signals.ts'

/** Holds the signals that `run` may have a use for; they come to stand in what is returned. */
export function holdUsualSignals(): readonly number[] {
  return holdSignals(Object.keys(toSignals()).map(Number))
}
