import type { Access, AccessSpec } from '../../plan/plan.ts'
import type { Peer } from '../../ports/peers.ts'

/** What `peer` may do; nothing where it is not known who that is. Pure. */
export function accessOf(peer: Peer | undefined, { others, descendants }: AccessSpec): Access {
  if (peer === undefined) return 'none'
  const ofUser = peer.isOwn ? 'control' : others
  if (!peer.isDescendant) return ofUser
  return descendants ?? (ofUser === 'none' ? 'none' : 'read')
}

/** Why a client is refused, and what would help. */
export function describeRefusal({ uid, isDescendant }: Peer, access: Access): string {
  const who = isDescendant ? 'a process below Ringmaster' : `user ${uid}`
  const field = isDescendant ? 'descendants' : 'others'
  return access === 'none'
    ? `${who} may not ask: see control.access.${field}`
    : `${who} may look, but change nothing: see control.access.${field}`
}
