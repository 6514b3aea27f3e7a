import { isIP } from 'node:net'
import type { Tcp, TcpConnection } from '../ports/tcp.ts'
import { nodeSockets, tlsFor } from './node-sockets.ts'

/** Where to. `host` null: this machine, by IPv4 and then by IPv6. */
export interface Address {
  readonly host: string | null
  readonly port: number
  /** By TLS, asking for the server of this name; certificates are not verified. */
  readonly tlsName?: string
}

export interface Listener {
  /** Connected, and encrypted where that was wanted. */
  open(connection: TcpConnection): void
  /** A part of what the other side sends, as latin1. */
  data?(text: string): void
  /** Nothing more will come; undefined: the other side ended it in order. */
  end(problem: string | undefined): void
}

/** Connects, and calls `open` once that has succeeded, and `end` at last. Returns what ends it: nothing is called from then on. */
export function connect(tcp: Tcp, address: Address, listener: Listener): () => void {
  const { host, port, tlsName } = address
  const [first = '', second] = host === null ? loopback : [host]
  let connection = open(first, (problem) => {
    // Of two problems the first is told: without IPv6 the other says nothing.
    if (second === undefined) listener.end(problem)
    else connection = open(second, () => listener.end(problem))
  })
  return () => connection.close()

  function open(host: string, onRefused: (problem: string) => void): TcpConnection {
    let isOpen = false
    const opened = connectorFor(host).connect(host, port, {
      open() {
        isOpen = true
        listener.open(opened)
      },
      data: (text) => listener.data?.(text),
      end(code) {
        const problem = code === null ? undefined : describe(code)
        if (isOpen) listener.end(problem)
        else onRefused(problem ?? 'connection closed')
      },
    })
    return opened
  }

  function connectorFor(host: string): Tcp {
    if (tlsName !== undefined) return tlsFor(tlsName)
    return isIP(host) === 0 ? nodeSockets : tcp
  }
}

/** This machine, in the order in which it is tried. */
export const loopback = ['127.0.0.1', '::1']

/** Why a connection failed, in a few words. */
export function describeError({ code = '', message }: NodeJS.ErrnoException): string {
  return describe(code === '' ? message : code)
}

function describe(code: string): string {
  return known[code] ?? code
}

const known: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
  ENOTFOUND: 'unknown host',
  ETIMEDOUT: 'connection timed out',
}
