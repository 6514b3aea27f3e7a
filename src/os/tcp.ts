import { closeSync } from 'node:fs'
import { getSystemErrorName } from 'node:util'
import { SupervisorError } from '../lib/errors.ts'
import { native } from './native.ts'

/** Where and how to listen. */
export interface TcpRequest {
  /** A name or an address. */
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  /** As children want it that know nothing else. */
  readonly isBlocking: boolean
  readonly reusesPort: boolean
}

/** A socket that has an address. */
export interface TcpSocket {
  readonly fd: number
  /** In digits. */
  readonly host: string
  /** The real one, when 0 was asked for. */
  readonly port: number
}

/**
 * Takes an address; nobody can connect before {@link listen}. Not by node:net, which costs the first spawn 6 ms. `::` becomes `0.0.0.0` on a
 * machine without IPv6. Of sockets that are our `own` none is in the way: one that has that very address is the answer itself. Throws
 * `START_REFUSED`, whose message ends in `remedy`, and whose cause has the errno.
 */
export async function bindTcp(
  request: TcpRequest,
  remedy: string,
  own: readonly TcpSocket[] = [],
): Promise<TcpSocket> {
  const { host, port, isBlocking, reusesPort } = request
  const beside = own.filter((one) => one.port === port)
  const fd = shared(beside, () =>
    native().bindTcp(host, port, isBlocking, reusesPort || beside.length > 0),
  )
  if (fd >= 0) return known(own, toSocket(fd))
  const code = getSystemErrorName(fd)
  if (host === '::' && withoutIPv6.has(code)) {
    return bindTcp({ ...request, host: '0.0.0.0' }, remedy, own)
  }
  if (code === 'EINVAL') {
    const address = await lookUp(host).catch(({ code, message }) => {
      throw refusal(request, code ?? message, remedy)
    })
    if (address !== host) return bindTcp({ ...request, host: address }, remedy, own)
  }
  throw refusal(request, code, remedy)
}

/**
 * Lets clients connect, of which `backlog` wait at most. Sockets of our `own` that have the same port may stay; who connects gets to the one with the
 * narrower address. Throws `START_REFUSED`, whose message ends in `remedy`.
 */
export function listen(
  socket: TcpSocket,
  backlog: number,
  remedy: string,
  own: readonly TcpSocket[] = [],
): void {
  const beside = own.filter(({ port, fd }) => port === socket.port && fd !== socket.fd)
  const all = beside.length === 0 ? [] : [...beside, socket]
  const result = shared(all, () => native().listenTcp(socket.fd, backlog))
  if (result < 0) throw refusal(socket, getSystemErrorName(result), remedy)
}

/** {@link bindTcp} and {@link listen}. */
export async function listenTcp(
  request: TcpRequest,
  backlog: number,
  remedy: string,
): Promise<TcpSocket> {
  const socket = await bindTcp(request, remedy)
  try {
    listen(socket, backlog, remedy)
    return socket
  } catch (error) {
    closeSync(socket.fd)
    throw error
  }
}

/** Whether whoever connects to `narrow` would get to `wide`, if that were all there is. */
export function covers(wide: TcpSocket, narrow: TcpSocket): boolean {
  if (wide.port !== narrow.port) return false
  if (wide.host === narrow.host || wide.host === '::') return true
  return wide.host === '0.0.0.0' && !narrow.host.includes(':')
}

/** The kernel lets sockets have one port whose user is the same, and who all say so while another is bound, or begins to listen. */
function shared<T>(sockets: readonly TcpSocket[], work: () => T): T {
  for (const { fd } of sockets) native().sharePort(fd, 1)
  try {
    return work()
  } finally {
    for (const { fd } of sockets) native().sharePort(fd, 0)
  }
}

function toSocket(fd: number): TcpSocket {
  const address = native().addressOf(fd)
  if (typeof address === 'number') throw new Error(getSystemErrorName(address))
  const [host, port] = address
  return { fd, host, port }
}

/** Two that have the same address would share who connects. */
function known(own: readonly TcpSocket[], socket: TcpSocket): TcpSocket {
  const same = own.find(({ host, port }) => host === socket.host && port === socket.port)
  if (same === undefined) return socket
  closeSync(socket.fd)
  return same
}

/** socket(2), bind(2): IPv6 is not compiled in, or is switched off. */
const withoutIPv6: ReadonlySet<string> = new Set(['EAFNOSUPPORT', 'EADDRNOTAVAIL'])

async function lookUp(host: string): Promise<string> {
  const { lookup } = await import('node:dns')
  return new Promise((resolve, reject) => {
    lookup(host, (error, address) => (error ? reject(error) : resolve(address)))
  })
}

type Address = Pick<TcpRequest, 'host' | 'port'>

function refusal({ host, port }: Address, code: string, remedy: string): SupervisorError {
  const where = `${host.includes(':') ? `[${host}]` : host}:${port}`
  const reason = reasons[code] ?? code
  const cause = Object.assign(new Error(code), { code })
  return new SupervisorError('START_REFUSED', `cannot listen on ${where}: ${reason}. ${remedy}`, {
    cause,
  })
}

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'address in use',
  EADDRNOTAVAIL: 'this machine has no such address',
  EACCES: 'ports below 1024 need root or the capability NET_BIND_SERVICE',
  ENOTFOUND: 'there is no such name',
}
