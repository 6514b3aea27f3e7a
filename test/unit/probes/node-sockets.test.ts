import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import t from 'tap'
import { isToItself } from '../../../src/probes/node-sockets.ts'
import { freePort } from '../../rig/servers.ts'

t.test(
  'a socket that is connected to itself is found out, also by the name of its host',
  async (t) => {
    const port = await freePort()
    for (const host of ['127.0.0.1', 'localhost']) {
      // What the kernel does by chance: with a local port of an outgoing connection that nobody listens at.
      const socket = connect({ host, port, localPort: port, family: 4 })
      await once(socket, 'connect')
      t.equal(isToItself(socket, port), true, host)
      socket.resetAndDestroy()
      await once(socket, 'close')
    }
    const server = createServer((socket) => socket.resume()).listen(port, '127.0.0.1')
    await once(server, 'listening')
    const socket = connect({ host: 'localhost', port, family: 4 })
    await once(socket, 'connect')
    t.equal(isToItself(socket, port), false, 'somebody listens')
    socket.destroy()
    server.close()
  },
)
