import type { Access, AccessSpec } from '../../plan/plan.ts'
import type { Peer } from '../../ports/peers.ts'

/** Who has shown the token, over TCP. */
export interface TokenHolder {
  readonly address: string
}

/** Who asks: somebody at the socket, or with the token. */
export type Client = Peer | TokenHolder

/** What `client` may do; nothing where it is not known who that is. Pure. */
export function accessOf(client: Client | undefined, { others, descendants }: AccessSpec): Access {
  if (client === undefined) return 'none'
  if ('address' in client) return 'control'
  const ofUser = client.isOwn ? 'control' : others
  if (!client.isDescendant) return ofUser
  return descendants ?? (ofUser === 'none' ? 'none' : 'read')
}

/** For log and events. */
export function describeClient(client: Client | undefined): string {
  if (client === undefined) return 'nobody'
  return 'address' in client
    ? `token from ${client.address}`
    : `uid ${client.uid}, pid ${client.pid}`
}

/** Why a client is refused, and what would help. */
export function describeRefusal(client: Client | undefined, access: Access): string {
  if (client === undefined || 'address' in client) return 'it is not known who you are'
  const { uid, isDescendant } = client
  const who = isDescendant ? 'a process below Ringmaster' : `user ${uid}`
  const field = isDescendant ? 'descendants' : 'others'
  return access === 'none'
    ? `${who} may not ask: see control.access.${field}`
    : `${who} may look, but change nothing: see control.access.${field}`
}
