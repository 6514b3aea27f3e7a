import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Clock } from '../ports/clock.ts'

/**
 * Bounds what clients can hold: how many connections, and for how long. Node.js' own limits are not used: at the most
 * connections it drops the newest, and for its times it looks by a timer that never rests.
 */
export class Connections {
  readonly #clock: Clock
  readonly #most: number
  readonly #longestMs: Readonly<Record<Phase, number>>
  readonly #bySocket = new Map<Socket, Connection>()
  /** The connections in each phase, the oldest first, with the time in ms at which they entered. */
  readonly #phases: Readonly<Record<Phase, Map<Connection, number>>> = {
    reading: new Map(),
    idle: new Map(),
    answering: new Map(),
  }
  /** One for all, at the first deadline or before it. */
  #timer: { readonly atMs: number; readonly cancel: () => void } | null = null

  /** `most` at once, each for at most so long in a phase. */
  constructor(clock: Clock, most: number, longestMs: Readonly<Record<Phase, number>> = usualMs) {
    this.#clock = clock
    this.#most = most
    this.#longestMs = longestMs
  }

  /** Takes a new one in, or one that {@link release} has let go; where there are too many, another has to go. */
  add(socket: Socket, isLeaving = false): void {
    if (this.#bySocket.size >= this.#most) this.endOldest()
    const connection: Connection = { socket, phase: 'reading', unanswered: 0, isLeaving }
    this.#bySocket.set(socket, connection)
    this.#enter(connection, 'reading')
    socket.once('close', () => this.#leave(connection))
  }

  /** Hears of a request; false when it is not to be answered. */
  mayAnswer(socket: Socket, response: ServerResponse): boolean {
    const connection = this.#bySocket.get(socket)
    if (connection === undefined) return false
    if (connection.unanswered >= mostUnanswered) {
      this.#end(connection)
      return false
    }
    connection.unanswered += 1
    this.#enter(connection, 'answering')
    if (connection.isLeaving) response.setHeader('connection', 'close')
    // The client has it, or is gone.
    response.once('close', () => {
      connection.unanswered -= 1
      if (connection.isLeaving && connection.unanswered === 0) socket.end()
      this.#enter(connection, connection.unanswered > 0 ? 'answering' : 'idle')
    })
    return true
  }

  /** Forgets one that goes on elsewhere. Returns whether it is to end soon. */
  release(socket: Socket): boolean {
    const connection = this.#bySocket.get(socket)
    if (connection) this.#leave(connection)
    return connection?.isLeaving ?? false
  }

  /** Has all that are there now end after the answers that they wait for, or with the next one; and after {@link leavingMs}, whatever they do. */
  retire(): void {
    const leaving = [...this.#bySocket.values()]
    if (leaving.length === 0) return
    for (const connection of leaving) connection.isLeaving = true
    this.#clock.at(this.#clock.now().monoMs + leavingMs, () => {
      for (const connection of leaving) {
        if (this.#bySocket.has(connection.socket)) this.#end(connection)
      }
    })
  }

  /** Ends the oldest of those that have no answer to come, else the one that takes longest with its answer. */
  endOldest(): void {
    const [reading, idle] = [this.#oldestOf('reading'), this.#oldestOf('idle')]
    const quiet = reading && idle ? (reading[1] < idle[1] ? reading : idle) : (reading ?? idle)
    const [connection] = quiet ?? this.#oldestOf('answering') ?? []
    if (connection) this.#end(connection)
  }

  #enter(connection: Connection, phase: Phase): void {
    if (!this.#bySocket.has(connection.socket)) return
    this.#phases[connection.phase].delete(connection)
    connection.phase = phase
    const nowMs = this.#clock.now().monoMs
    this.#phases[phase].set(connection, nowMs)
    this.#wakeBy(nowMs + this.#longestMs[phase])
  }

  #leave(connection: Connection): void {
    this.#phases[connection.phase].delete(connection)
    this.#bySocket.delete(connection.socket)
    if (this.#bySocket.size > 0) return
    this.#timer?.cancel()
    this.#timer = null
  }

  #end(connection: Connection): void {
    // Not when it is closed: its place, and its descriptor, are free at once.
    this.#leave(connection)
    connection.socket.destroy()
  }

  /** Most phases are left long before they are over: a later deadline waits until the timer looks again. */
  #wakeBy(atMs: number): void {
    if (atMs === Number.POSITIVE_INFINITY) return
    if (this.#timer !== null && this.#timer.atMs <= atMs) return
    this.#timer?.cancel()
    this.#timer = { atMs, cancel: this.#clock.at(atMs, () => this.#endOverdue()) }
  }

  #endOverdue(): void {
    this.#timer = null
    const nowMs = this.#clock.now().monoMs
    for (const phase of phaseNames) {
      for (const [connection, sinceMs] of this.#phases[phase]) {
        if (sinceMs + this.#longestMs[phase] > nowMs) {
          this.#wakeBy(sinceMs + this.#longestMs[phase])
          break
        }
        this.#end(connection)
      }
    }
  }

  #oldestOf(phase: Phase): [Connection, number] | undefined {
    return this.#phases[phase].entries().next().value
  }
}

/**
 * It brings the head of its first request, has been answered, or has requests that are not answered in full. The begin of another
 * head is not noticed: whoever listens for data takes the socket from the parser's own fast way, and a fifth of the requests a second.
 */
type Phase = 'reading' | 'idle' | 'answering'

interface Connection {
  readonly socket: Socket
  phase: Phase
  unanswered: number
  isLeaving: boolean
}

const usualMs: Readonly<Record<Phase, number>> = {
  reading: 10_000,
  idle: 30_000,
  answering: 10_000,
}
const leavingMs = 10_000
const phaseNames = ['reading', 'idle', 'answering'] as const
/** Requests that a client may send on one connection before it has their answers. */
const mostUnanswered = 64
