import { once } from 'node:events'
import { Agent, get } from 'node:http'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

const agent = new Agent({ keepAlive: true, maxSockets: 1 })

/** A port that nobody listens at. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' ? (address?.port ?? 0) : 0
}

/** The status and body at `path`, always by one connection, to a port or to the path of a socket. */
export function ask(to: number | string, path: string): Promise<{ status: number; body: string }> {
  const place = typeof to === 'number' ? { host: '127.0.0.1', port: to } : { socketPath: to }
  return new Promise((resolve, reject) => {
    const request = get({ agent, ...place, path }, (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (text) => (body += text))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
    })
    request.on('error', reject)
  })
}

/** Waits until `path` is answered with 200. */
export async function answered(to: number | string, path: string): Promise<void> {
  for (let i = 0; i < 3000; i++) {
    const status = await ask(to, path).then(
      (answer) => answer.status,
      () => 0,
    )
    if (status === 200) return
    await sleep(20)
  }
  throw new Error(`no answer at ${path}`)
}
