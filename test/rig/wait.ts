import { setTimeout as sleep } from 'node:timers/promises'

/** How long a condition may take to come true, in ms: far more than it needs on a busy machine. */
export const patienceMs = 45_000

/** Resolves with what `look` returns as soon as that is neither false nor undefined. Rejects after {@link patienceMs} with what `explain` says. */
export async function until<T>(
  look: () => T | undefined | false,
  explain: () => string = () => `cannot see it come true: ${look}`,
): Promise<T> {
  const deadline = Date.now() + patienceMs
  for (;;) {
    const seen = look()
    if (seen !== undefined && seen !== false) return seen
    if (Date.now() > deadline) throw new Error(explain())
    await sleep(5)
  }
}
