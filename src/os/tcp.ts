import { getSystemErrorName } from 'node:util'
import { SupervisorError } from '../lib/errors.ts'
import { native } from './native.ts'

/** Where and how to listen. */
export interface TcpRequest {
  /** A name or an address. */
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  /** How many connections wait at most. */
  readonly backlog: number
  /** As children want it that know nothing else. */
  readonly isBlocking: boolean
  readonly reusesPort: boolean
}

/**
 * The descriptor of a socket that listens, at once and without node:net's own way to it, which costs the first spawn 6 ms. `::` becomes
 * `0.0.0.0` on a machine without IPv6. Throws `START_REFUSED`, whose message ends in `remedy`.
 */
export async function listenTcp(request: TcpRequest, remedy: string): Promise<number> {
  const { host, port, backlog, isBlocking, reusesPort } = request
  const fd = native().listenTcp(host, port, backlog, isBlocking, reusesPort)
  if (fd >= 0) return fd
  const code = getSystemErrorName(fd)
  if (host === '::' && withoutIPv6.has(code)) {
    return listenTcp({ ...request, host: '0.0.0.0' }, remedy)
  }
  if (code === 'EINVAL') {
    const address = await lookUp(host).catch(({ code, message }) => {
      throw refusal(request, code ?? message, remedy)
    })
    if (address !== host) return listenTcp({ ...request, host: address }, remedy)
  }
  throw refusal(request, code, remedy)
}

/** socket(2), bind(2): IPv6 is not compiled in, or is switched off. */
const withoutIPv6: ReadonlySet<string> = new Set(['EAFNOSUPPORT', 'EADDRNOTAVAIL'])

async function lookUp(host: string): Promise<string> {
  const { lookup } = await import('node:dns')
  return new Promise((resolve, reject) => {
    lookup(host, (error, address) => (error ? reject(error) : resolve(address)))
  })
}

function refusal({ host, port }: TcpRequest, code: string, remedy: string): SupervisorError {
  const where = `${host.includes(':') ? `[${host}]` : host}:${port}`
  const reason = reasons[code] ?? code
  return new SupervisorError('START_REFUSED', `cannot listen on ${where}: ${reason}. ${remedy}`)
}

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'address in use',
  EADDRNOTAVAIL: 'this machine has no such address',
  EACCES: 'ports below 1024 need root or the capability NET_BIND_SERVICE',
  ENOTFOUND: 'there is no such name',
}
