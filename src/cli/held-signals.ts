import { holdSignals } from '../os/signal-source.ts'
import { toSignals } from '../plan/signals.ts'

/** Holds the signals that `run` may have a use for; they come to stand in what is returned. */
export function holdUsualSignals(): readonly number[] {
  const rules = Object.values(toSignals())
  const ending = rules.filter(({ action }) => action === 'shutdown')
  const others = rules.filter(({ action }) => action !== 'shutdown')
  return holdSignals(
    ending.map(({ signal }) => signal),
    others.map(({ signal }) => signal),
  )
}
