import type { Outcome } from '../ports/prober.ts'
import { type Address, connect } from './connect.ts'

/** Succeeds when a connection is accepted, and closes it. */
export function probeTcp(address: Address, onEnd: (outcome: Outcome) => void): () => void {
  const close = connect(address, {
    open() {
      close()
      onEnd({ isOk: true, detail: 'connected' })
    },
    end: (problem = 'connection closed') => onEnd({ isOk: false, detail: problem }),
  })
  return close
}
