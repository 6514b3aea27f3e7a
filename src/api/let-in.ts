import type { Server } from 'node:net'
import type { Connections } from './connections.ts'

/** Has `server` take clients from the listening socket `fd`. One that cannot be let in, mostly for want of a descriptor, has the oldest of `connections` go. */
export async function letIn(
  server: Server,
  fd: number,
  connections: Pick<Connections, 'endOldest'>,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ fd }, () => {
      server.off('error', reject)
      resolve()
    })
  })
  server.on('error', () => connections.endOldest())
}
