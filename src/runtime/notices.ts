import type { Fact } from '../core/events.ts'
import type { Clock } from '../ports/clock.ts'
import type { Message, NotifySocket } from '../ports/notify-socket.ts'
import type { ProcessTable, RunMarks } from '../ports/process-table.ts'
import type { Deadlines } from './deadlines.ts'

/** What one run may say at once; what is more waits with its sender, whom the kernel holds up when its socket is full. */
const mostAtOnce = 16
/** How long it waits. */
const pauseMs = 20

export interface NoticePorts {
  readonly processes: Pick<ProcessTable, 'isOf'>
  readonly isMain: (pid: number) => boolean
  readonly post: (fact: Fact) => void
  readonly report: (error: unknown) => void
}

interface Speaker extends RunMarks {
  readonly run: number
}

/** Hears what runs say of themselves, and believes who is of them. */
export class Notices {
  readonly #clock: Clock
  readonly #deadlines: Deadlines
  readonly #ports: NoticePorts
  readonly #sockets = new Map<number, NotifySocket>()

  constructor(clock: Clock, deadlines: Deadlines, ports: NoticePorts) {
    this.#clock = clock
    this.#deadlines = deadlines
    this.#ports = ports
  }

  listen(speaker: Speaker, socket: NotifySocket): void {
    this.#sockets.set(speaker.run, socket)
    this.#watch(speaker, socket)
  }

  /** The main process has ended: what it said before is heard, and no more. */
  end(speaker: Speaker): void {
    const socket = this.#sockets.get(speaker.run)
    if (socket === undefined) return
    this.#sockets.delete(speaker.run)
    this.#deadlines.clear(keyOf(speaker))
    this.#try(() => this.#read(speaker, socket))
    this.#try(() => socket.close())
  }

  #watch(speaker: Speaker, socket: NotifySocket): void {
    this.#try(() => socket.watch(() => this.#try(() => this.#hear(speaker, socket))))
  }

  #hear(speaker: Speaker, socket: NotifySocket): void {
    if (this.#read(speaker, socket)) return
    socket.watch(null)
    const atMonoMs = this.#clock.now().monoMs + pauseMs
    this.#deadlines.set(keyOf(speaker), atMonoMs, () => this.#watch(speaker, socket))
  }

  /** True when all that is there has been read. */
  #read(speaker: Speaker, socket: NotifySocket): boolean {
    for (let count = 0; count < mostAtOnce; count++) {
      const message = socket.read()
      if (message === null) return true
      const { notice } = message
      if (Object.keys(notice).length === 0 || !this.#isBelieved(speaker, message)) continue
      this.#ports.post({ type: 'notified', run: speaker.run, notice })
    }
    return false
  }

  /**
   * Who has ended meanwhile can be asked for nothing but its user. Another process of that user could end the run, or trace it: it gains
   * nothing by its word.
   */
  #isBelieved(speaker: Speaker, { pid, isOfUser }: Message): boolean {
    if (pid === 0) return false
    const { processes, isMain } = this.#ports
    return processes.isOf(speaker, pid, isMain) ?? isOfUser
  }

  #try(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.#ports.report(error)
    }
  }
}

/** Neither a key of the core nor one of a probe or a hook is like it. */
function keyOf({ run }: Speaker): string {
  return `${run} notices`
}
