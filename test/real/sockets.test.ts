// Python and Debian's nginx at sockets that Ringmaster has opened, killed again and again under load.
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ask, askWhileKilled, portOf } from '../rig/clients.ts'
import { alone, unless } from '../rig/ringmaster.ts'
import { nginxConfig } from '../rig/servers.ts'
import { folder, supervise } from '../rig/supervise.ts'

const fast = { backoff: { initialSeconds: 0.01, maxSeconds: 0.02 }, restartLimit: null }
const has = (file: string, option: string) =>
  unless(spawnSync(file, [option]).status === 0, `needs ${file}`)

const prefork = `
import socket, sys
server = socket.socket(fileno=int(sys.argv[1]))
while True:
    client, _ = server.accept()
    client.recv(1000)
    client.sendall(b'HTTP/1.0 200 OK\\r\\n\\r\\nhello')
    client.close()
`

t.test('four processes of Python share one', { skip: has('python3', '-V') }, async (t) => {
  const command = ['python3', '-c', prefork, '${socket.web}']
  const ringmaster = await supervise(t, alone, {
    sockets: { web: { port: 0 } },
    processes: { web: { command, sockets: ['web'], replicas: 4, ...fast } },
  })
  const port = await portOf(ringmaster, 'web')
  await askWhileKilled(t, ringmaster, () => hello(port))
})

t.test('nginx takes one by its variable NGINX', { skip: has('nginx', '-v') }, async (t) => {
  const own = folder(t)
  const [socket, first] = [join(own, 'socket'), join(own, 'nginx.conf')]
  const text = nginxConfig(own, 1).replace('listen 127.0.0.1:1;', `listen unix:${socket};`)
  writeFileSync(first, text)
  const ringmaster = await supervise(t, alone, {
    sockets: { web: { path: socket, mode: 666 } },
    processes: {
      web: {
        command: ['nginx', '-e', 'stderr', '-c', first],
        ...{ sockets: ['web'], env: { NGINX: '${socket.web};' }, stopSignal: 'SIGQUIT' },
        ...fast,
      },
    },
  })
  await ringmaster.line(/using inherited sockets from "3;"/)
  await askWhileKilled(t, ringmaster, () => hello(socket))
})

/** The answer to a request, nothing where the connection ended before it. */
async function hello(place: number | string): Promise<string> {
  const answer = await ask(place, 'GET / HTTP/1.0\r\n\r\n')
  return answer.endsWith('hello') ? answer : ''
}
