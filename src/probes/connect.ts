import { connect as connectTcp, isIP, type Socket } from 'node:net'

/** Where to. `host` null: this machine, by IPv4 and then by IPv6. */
export interface Address {
  readonly host: string | null
  readonly port: number
  /** By TLS, asking for the server of this name; certificates are not verified. */
  readonly tlsName?: string
}

export interface Listener {
  /** Connected, and encrypted where that was wanted. */
  open(socket: Socket): void
  /** A part of what the other side sends, as latin1. */
  data?(text: string): void
  /** Nothing more will come; undefined: the other side ended it in order. */
  end(problem: string | undefined): void
}

/** Connects, and calls `open` once that has succeeded, and `end` at last. Returns what ends it: nothing is called from then on. */
export function connect(address: Address, listener: Listener): () => void {
  const [first = '', second] = address.host === null ? loopback : [address.host]
  let isOver = false
  let socket = open(first, (problem) => {
    // Of two problems the first is told: without IPv6 the other says nothing.
    if (second === undefined) listener.end(problem)
    else socket = open(second, () => listener.end(problem))
  })
  return () => {
    isOver = true
    socket.destroy()
  }

  function open(host: string, onRefused: (problem: string) => void): Socket {
    const { port, tlsName } = address
    let isOpen = false
    let problem: string | undefined
    const take = (text: string) => {
      if (!isOver) listener.data?.(text)
    }
    const socket =
      tlsName === undefined ? openTcp(host, port, take) : openTls(host, port, tlsName, take)
    socket.once(tlsName === undefined ? 'connect' : 'secureConnect', () => {
      if (isOver) return
      if (isToItself(socket, port)) {
        problem = known['ECONNREFUSED']
        socket.destroy()
        return
      }
      isOpen = true
      listener.open(socket)
    })
    socket.on('error', (error) => {
      problem ??= describeError(error)
    })
    socket.once('close', () => {
      if (isOver) return
      if (isOpen) listener.end(problem)
      else onRefused(problem ?? 'connection closed')
    })
    return socket
  }
}

/** This machine, in the order in which it is tried. */
export const loopback = ['127.0.0.1', '::1']

type Take = (text: string) => void

/** Reads come one after the other, so one buffer serves all: Node.js' own, 64 KiB for each, had the garbage collector take half of our time. */
const readBuffer = Buffer.allocUnsafeSlow(16_384)

function openTcp(host: string, port: number, take: Take): Socket {
  const onread = {
    buffer: () => readBuffer,
    callback(length: number) {
      take(readBuffer.toString('latin1', 0, length))
      return true
    },
  }
  return connectTcp({ host, port, onread })
}

function openTls(host: string, port: number, name: string, take: Take): Socket {
  const options = { host, port, rejectUnauthorized: false }
  // Loaded by the first that needs it: with what it is made of it takes a megabyte.
  const { connect } = process.getBuiltinModule('node:tls')
  // An address is no name of a server: RFC 6066.
  const socket = connect(isIP(name) === 0 ? { ...options, servername: name } : options)
  return socket.setEncoding('latin1').on('data', take)
}

/** Where nobody listens, the kernel may choose the very port that is connected to as our own. */
export function isToItself(socket: Socket, port: number): boolean {
  return socket.localPort === port && socket.localAddress === socket.remoteAddress
}

/** Why a connection failed, in a few words. */
export function describeError({ code = '', message }: NodeJS.ErrnoException): string {
  return known[code] ?? (code === '' ? message : code)
}

const known: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
  ENOTFOUND: 'unknown host',
  ETIMEDOUT: 'connection timed out',
}
