import type { Change } from '../core/changes.ts'

/** Holds changes for a reader that is not there yet. */
export interface Mailbox {
  post(change: Change): void
  /** Hands over what is held, oldest first, and from now on each change at once. `missed` hears first how many were dropped, if any were. */
  open(read: (change: Change) => void, missed: (count: number) => void): void
}

/** Keeps the newest `limit` changes. */
export function createMailbox(limit = 1000): Mailbox {
  const held: Change[] = []
  let dropped = 0
  let reader: ((change: Change) => void) | undefined
  return {
    post(change) {
      if (reader !== undefined) {
        reader(change)
        return
      }
      held.push(change)
      if (held.length > limit) {
        held.shift()
        dropped += 1
      }
    },
    open(read, missed) {
      if (dropped > 0) missed(dropped)
      for (const change of held.splice(0)) read(change)
      reader = read
    },
  }
}
