import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Running } from './running.ts'

/** All that who listens at a port of 127.0.0.1, or at a path, says to a client that says nothing. */
export async function ask(place: number | string): Promise<string> {
  const client = typeof place === 'string' ? connect(place) : connect(place, '127.0.0.1')
  await once(client, 'connect')
  return text(client)
}

/** The port that a socket has. */
export async function portOf(ringmaster: Running, socket: string): Promise<number> {
  const [, port] = await ringmaster.line(new RegExp(`sockets: .*\\b${socket} \\S+:(\\d+)`))
  return Number(port)
}
