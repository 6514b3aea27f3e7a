import { connect, isIP, type Socket } from 'node:net'
import type { Tcp, TcpConnection, TcpListener } from '../ports/tcp.ts'

/** Connects to names as well, of whose addresses Node.js takes the first that answers. */
export const nodeSockets: Tcp = {
  connect(host, port, listener) {
    const onread = {
      buffer: () => readBuffer,
      callback(length: number) {
        if (!socket.destroyed) listener.data(readBuffer.toString('latin1', 0, length))
        return true
      },
    }
    const socket = connect({ host, port, onread })
    return tell(socket, port, 'connect', listener)
  },
}

/** Reads come one after the other, so one buffer serves all: Node.js' own, 64 KiB for each, had the garbage collector take half of our time. */
const readBuffer = Buffer.allocUnsafeSlow(16_384)

/** Encrypts, and asks for the server `name`. */
export function tlsFor(name: string): Tcp {
  return {
    connect(host, port, listener) {
      const options = { host, port, rejectUnauthorized: false }
      // Loaded by the first that needs it: with what it is made of it takes a megabyte.
      const { connect } = process.getBuiltinModule('node:tls')
      // An address is no name of a server: RFC 6066.
      const socket = connect(isIP(name) === 0 ? { ...options, servername: name } : options)
      socket.setEncoding('latin1').on('data', (text: string) => {
        if (!socket.destroyed) listener.data(text)
      })
      return tell(socket, port, 'secureConnect', listener)
    },
  }
}

/** Tells of all but what is read. */
function tell(
  socket: Socket,
  port: number,
  opened: string,
  { open, end }: TcpListener,
): TcpConnection {
  let isOver = false
  let problem: string | null = null
  socket.once(opened, () => {
    if (isOver) return
    if (isToItself(socket, port)) {
      problem = 'ECONNREFUSED'
      socket.destroy()
    } else open()
  })
  socket.on('error', ({ code = '', message }: NodeJS.ErrnoException) => {
    problem ??= code === '' ? message : code
  })
  socket.once('close', () => {
    if (!isOver) end(problem)
  })
  return {
    send: (bytes) => void socket.write(bytes),
    close() {
      isOver = true
      socket.destroy()
    },
  }
}

/** Where nobody listens, the kernel may choose the very port that is connected to as our own. */
export function isToItself(socket: Socket, port: number): boolean {
  return socket.localPort === port && socket.localAddress === socket.remoteAddress
}
