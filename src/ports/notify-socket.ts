import type { Notice } from '../core/events.ts'

/** The socket of one run, on which its processes say how it is: sd_notify(3). */
export interface NotifySocket {
  /** From now on, calls `listener` once a turn of the event loop while there is something to be read; null: not any more. */
  watch(listener: (() => void) | null): void
  /** The next message; null: there is none. Messages that mean nothing here, or cannot be read, are empty. */
  read(): Message | null
  close(): void
}

export interface Message {
  /** Who sent it, which may have ended; 0: a process of another PID namespace. */
  readonly pid: number
  /** It was sent by the user that the run was started as. */
  readonly isOfUser: boolean
  readonly notice: Notice
}
