import type { Door } from '../api/let-in.ts'
import { covers, type TcpSocket } from '../os/tcp.ts'
import type { Clock } from '../ports/clock.ts'

export interface DoorsOptions<S> {
  readonly clock: Clock
  /** Whether a socket stays when clients are to come in at another one: who connects may still get to it. */
  readonly stays: (socket: S, to: S) => boolean
  /** Whether who is on the way to where clients are to come in may be on the way to this socket. */
  readonly lingers: (socket: S, to: S | null) => boolean
  /** A door was closed, or soon will be: who has come in by it is to go. */
  readonly onLeave: () => void
  /** Hears of a mistake in here. */
  readonly report: (error: unknown) => void
}

/** The listening sockets at which clients reach one server. Which these are may change, and nobody is refused who may come before and after. */
export class Doors<S extends { readonly fd: number }> {
  readonly #options: DoorsOptions<S>
  readonly #all = new Set<One<S>>()

  constructor(options: DoorsOptions<S>) {
    this.#options = options
  }

  /** Those that listen, also those that soon will not. */
  get sockets(): readonly S[] {
    return [...this.#all].map(({ socket }) => socket)
  }

  /** Clients are to come in here, or (null) nowhere; they wait until it is {@link open}. */
  move(to: S | null): void {
    const { stays, lingers } = this.#options
    if (to && !this.sockets.includes(to)) {
      this.#all.add({ socket: to, door: null, leaving: null, isDue: false })
    }
    for (const one of this.#all) {
      const { socket } = one
      if (socket === to || (to && stays(socket, to))) one.leaving = null
      else if (one.leaving === null) this.#leave(one, lingers(socket, to))
    }
  }

  /** Has clients come in where they wait. */
  async open(letIn: (fd: number) => Promise<Door>): Promise<void> {
    for (const one of this.#all) {
      one.door ??= letIn(one.socket.fd)
      await one.door
      if (one.leaving && one.isDue) this.#closeSoon(one)
    }
  }

  #leave(one: One<S>, isAwaited: boolean): void {
    const { clock, onLeave } = this.#options
    const leaving = {}
    one.leaving = leaving
    one.isDue = false
    onLeave()
    if (!isAwaited) this.#closeSoon(one)
    else {
      clock.at(clock.now().monoMs + lingerMs, () => {
        if (one.leaving === leaving) this.#closeSoon(one)
      })
    }
  }

  /** Who waits is let in first; the turn that we are in may have looked for them already. */
  #closeSoon(one: One<S>): void {
    const { clock, onLeave, report } = this.#options
    const { door, leaving } = one
    one.isDue = true
    if (door === null) return
    const close = () => {
      if (one.leaving !== leaving) return
      this.#all.delete(one)
      door.then((door) => door.close()).catch(report)
      onLeave()
    }
    clock.afterPoll(() => clock.afterPoll(close))
  }
}

/** Who connects to a narrow address gets to that socket, also where a wide one is, so that closing it would end who waits. */
export const tcp: Pick<DoorsOptions<TcpSocket>, 'stays' | 'lingers'> = {
  stays: (socket, to) => covers(to, socket),
  lingers: (socket, to) => to !== null && covers(socket, to),
}

interface One<S> {
  readonly socket: S
  /** Null: it is not open yet. */
  door: Promise<Door> | null
  /** It will be closed, unless it is wanted again before; another object each time. Null: it stays. */
  leaving: object | null
  /** It may be closed as soon as it was open. */
  isDue: boolean
}

/** Longer than it takes to connect. */
const lingerMs = 1000
