import { readSync } from 'node:fs'
import { type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net'

/** Reads one pipe to its end and closes it. */
export interface PipeReader {
  pause(): void
  resume(): void
  /** Reads what is in the pipe now, also when it is paused. */
  catchUp(): void
  /** Reads what is in the pipe now, then ends, whoever else holds it. */
  release(): void
}

export interface PipeListener {
  /** What was read, as latin1. */
  read(text: string): void
  /** Called once; the descriptor is closed. */
  end(): void
}

/** `fd` is the reader's from now on. `buffer` may be shared by all readers: it is used only within a call. */
export function readPipe(fd: number, buffer: Buffer, listener: PipeListener): PipeReader {
  // The types of Node.js 20 know `onread` only for a socket that connects.
  const options: SocketConstructorOpts & { onread: OnReadOpts } = {
    fd,
    readable: true,
    writable: false,
    onread: {
      // A function keeps Node.js from giving each pipe 64 KiB of its own.
      buffer: () => buffer,
      callback(length) {
        listener.read(buffer.toString('latin1', 0, length))
        return true
      },
    },
  }
  const socket = new Socket(options)
  // A pipe that cannot be read is at its end; `close` follows.
  socket.on('error', () => {})
  socket.on('close', () => listener.end())
  return {
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    catchUp() {
      if (!socket.destroyed) readWhatIsThere(fd, buffer, listener)
    },
    release() {
      if (socket.destroyed) return
      try {
        readWhatIsThere(fd, buffer, listener)
      } finally {
        socket.destroy()
      }
    },
  }
}

/** The most that a pipe holds unless root made it larger: fs.pipe-max-size in proc(5). A writer that never stops is cut off here. */
const largestPipeBytes = 1 << 20

function readWhatIsThere(fd: number, buffer: Buffer, listener: PipeListener): void {
  for (let total = 0; total < largestPipeBytes; ) {
    const length = readNow(fd, buffer)
    if (length === 0) return
    listener.read(buffer.toString('latin1', 0, length))
    total += length
  }
}

/** Bytes read without waiting; 0 when nothing is there. */
function readNow(fd: number, buffer: Buffer): number {
  try {
    return readSync(fd, buffer)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return 0
    throw error
  }
}
