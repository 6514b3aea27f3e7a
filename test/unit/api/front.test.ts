import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import t from 'tap'
import type { Front } from '../../../src/api/front.ts'
import { serve } from '../../../src/api/serve.ts'
import { openFront } from '../../rig/front.ts'
import { instanceView, processView, viewOf } from '../../rig/views.ts'

/** Asks, and resolves once the request has arrived, to what will be answered. */
async function ask(front: Front & { port: number }, path = '/livez') {
  const arrived = once(front.server, 'request')
  const request = get({ host: '127.0.0.1', port: front.port, path, agent: false })
  const answered = once(request, 'response').then(async ([response]: IncomingMessage[]) => {
    if (response === undefined) throw new Error('no response')
    return { status: response.statusCode, body: await text(response) }
  })
  await arrived
  return { request, answered }
}

const options = {
  view: () => viewOf(processView('web', instanceView('web.1'))),
  metrics: { text: async () => 'a 1\n', contentType: 'text/plain; version=0.0.4' },
  report(error: unknown) {
    throw error
  },
}

t.test('requests wait until fastify has taken the server over', async (t) => {
  const { front, clock } = await openFront(t)
  const early = [await ask(front, '/readyz'), await ask(front, '/metrics')]
  await serve(front, options)
  const late = await ask(front, '/livez?verbose')
  t.same(await Promise.all([...early, late].map((one) => one.answered)), [
    { status: 200, body: 'ok' },
    { status: 200, body: 'a 1\n' },
    { status: 200, body: '[+]ping ok\nlivez check passed\n' },
  ])
  t.equal(clock.nextAt(), Infinity)
})

t.test('a request that waited for 1 s is turned away', async (t) => {
  const { front, clock } = await openFront(t)
  const { answered } = await ask(front)
  clock.advance(1000)
  t.match(await answered, { status: 503 })
  t.equal(clock.nextAt(), Infinity)
})

t.test('at most 100 requests wait', async (t) => {
  const { front } = await openFront(t)
  const waiting = []
  for (let i = 0; i < 100; i += 1) waiting.push(await ask(front))
  t.match(await (await ask(front)).answered, { status: 503 })
  front.takeOver((_request, response) => response.end('here'))
  for (const { answered } of waiting) t.match(await answered, { status: 200, body: 'here' })
})

t.test('a client that leaves while it waits is forgotten', async (t) => {
  const { front, clock } = await openFront(t)
  const socket = connect(front.port, '127.0.0.1')
  const arrived = once(front.server, 'request')
  socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
  const [, response] = await arrived
  socket.destroy()
  await once(response, 'close')
  t.equal(clock.nextAt(), Infinity)
  front.takeOver(() => t.fail('nobody is there'))
})
