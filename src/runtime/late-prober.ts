import type { Prober } from '../ports/prober.ts'

/** A prober that is there before what does its work: tries that begin earlier begin when that comes. */
export interface LateProber extends Prober {
  /** null: it does not come soon, and all tries fail until it does. */
  arrive(prober: Prober | null): void
}

export function createLateProber(): LateProber {
  let current: Prober | undefined
  const waiting = new Set<(prober: Prober) => void>()
  return {
    probe(target, onEnd) {
      if (current) return current.probe(target, onEnd)
      let cancel = (): void => void waiting.delete(begin)
      const begin = (prober: Prober) => {
        cancel = prober.probe(target, onEnd)
      }
      waiting.add(begin)
      return () => cancel()
    },
    arrive(prober) {
      current = prober ?? absent
      for (const begin of waiting) begin(current)
      waiting.clear()
    },
  }
}

const absent: Prober = {
  probe(_, onEnd) {
    let isOver = false
    queueMicrotask(() => {
      if (!isOver) onEnd({ isOk: false, detail: 'probes could not be loaded' })
    })
    return () => {
      isOver = true
    }
  },
}
