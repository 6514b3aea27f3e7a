import { spawnSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { listenTcp, type TcpSocket } from '../../src/os/tcp.ts'

/** A port on which nobody listens, and which the kernel gives to no connection meanwhile: see ip_local_port_range in ip(7). */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries += 1) {
    const port = randomInt(10_000, firstEphemeral())
    const server = createServer()
    const isFree = new Promise<boolean>((resolve) => {
      server.once('listening', () => server.close(() => resolve(true)))
      server.once('error', () => resolve(false))
    })
    server.listen(port)
    if (await isFree) return port
  }
  throw new Error('no free port found')
}

function firstEphemeral(): number {
  const [first] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split('	')
  return Math.max(Number(first), 11_000)
}

/** A socket that listens at a free port of 127.0.0.1. */
export function listenHere(isBlocking = false): Promise<TcpSocket> {
  const request = { host: '127.0.0.1', port: 0, isBlocking, reusesPort: false }
  return listenTcp(request, 511, 'Free a port')
}

/** Number of the user `name`; nobody's where there is none. */
export function userId(name: string): number {
  const { status, stdout } = spawnSync('id', ['-u', name], { encoding: 'utf8' })
  return status === 0 ? Number(stdout) : 65534
}

/** A configuration with which nginx answers `hello`, and writes to the folder `own` alone. */
export function nginxConfig(own: string, port: number): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return `daemon off;
pid ${own}/nginx.pid;
worker_processes 2;
events {}
http {
  access_log off;
  ${temporary.map((name) => `${name}_temp_path ${own}/${name};`).join('\n  ')}
  server { listen 127.0.0.1:${port}; return 200 "hello"; }
}
`
}
