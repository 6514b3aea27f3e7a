import type { Outcome } from '../ports/prober.ts'
import type { Tcp } from '../ports/tcp.ts'
import { type Address, connect } from './connect.ts'

/** Succeeds when a connection is accepted, and closes it. */
export function probeTcp(
  tcp: Tcp,
  address: Address,
  onEnd: (outcome: Outcome) => void,
): () => void {
  const close = connect(tcp, address, {
    open() {
      close()
      onEnd({ isOk: true, detail: 'connected' })
    },
    end: (problem = 'connection closed') => onEnd({ isOk: false, detail: problem }),
  })
  return close
}
