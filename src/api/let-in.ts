import type { Socket } from 'node:net'
import type { Connections } from './connections.ts'

/** Where clients come in. */
export interface Door {
  /** Nobody comes in from now on. Who is in stays. */
  close(): void
}

/** Who speaks with the clients that come in. It listens nowhere itself, so that doors can come and go. */
export interface Host {
  /** Takes a client that has come in. */
  readonly take: (socket: Socket) => void
  readonly connections: Pick<Connections, 'endOldest'>
}

/** Has clients come in from the listening socket `fd`, which is closed with the door. */
export async function letIn(fd: number, { take, connections }: Host): Promise<Door> {
  const { createServer } = await import('node:net')
  // As node:http has its own.
  const server = createServer({ allowHalfOpen: true, noDelay: true }, take)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ fd }, () => {
      server.off('error', reject)
      resolve()
    })
  })
  // A client could not be let in, mostly for want of a descriptor.
  server.on('error', () => connections.endOldest())
  return { close: () => void server.close() }
}
