import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Test } from 'tap'
import { createFront, type Front } from '../../src/api/front.ts'
import { createManualClock, type ManualClock } from './manual-clock.ts'
import { RawClient } from './raw-client.ts'
import { listenHere } from './servers.ts'

/** A front that lets clients in at `port`. */
export interface OpenFront {
  readonly clock: ManualClock
  readonly front: Front & { readonly port: number }
}

/** Its clients may be so many at once. */
export async function openFront(t: Test, mostConnections = 512): Promise<OpenFront> {
  const clock = createManualClock()
  const { fd, port } = await listenHere()
  const front = await createFront({ clock, mostConnections })
  const door = await front.letIn(fd)
  t.teardown(() => {
    door.close()
    front.server.closeAllConnections()
  })
  return { clock, front: { ...front, port } }
}

/** A request. */
export const get = 'GET /livez HTTP/1.1\r\nHost: a\r\n\r\n'

/** A front with a server behind it. */
export interface Tried extends OpenFront {
  /** Connects a client, and waits until the server has it. */
  client(): Promise<{ client: RawClient; peer: Socket }>
}

/** A server that answers "here", or as `answer` does. */
export async function tried(
  t: Test,
  mostConnections = 512,
  answer = (response: ServerResponse): void => void response.end('here'),
): Promise<Tried> {
  const { clock, front } = await openFront(t, mostConnections)
  front.takeOver((_request, response) => answer(response))
  const client = async () => {
    const [[peer], client] = await Promise.all([
      once(front.server, 'connection') as Promise<[Socket]>,
      RawClient.connect(t, front.port),
    ])
    return { client, peer }
  }
  return { clock, front, client }
}

/** A client that has had its answer. */
export async function answered({ client }: Tried): Promise<{ client: RawClient; peer: Socket }> {
  const one = await client()
  one.client.send(get)
  await one.client.receive('here')
  return one
}
