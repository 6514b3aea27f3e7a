import type { LogLevel } from '../plan/plan.ts'

/** Takes a line for Ringmaster's own log. */
export type Note = (level: LogLevel, message: string) => void

export interface Notes {
  /** Where no log is yet, it is kept for it. */
  readonly tell: Note
  /** The log is there: it is told what came before, and all that comes. */
  open(log: Note): void
}

/** What happens before the log is loaded is told when it is. */
export function createNotes(): Notes {
  const untold: [LogLevel, string][] = []
  let take: Note = (level, message) => {
    untold.push([level, message])
  }
  return {
    tell: (level, message) => take(level, message),
    open(log) {
      take = log
      for (const [level, message] of untold.splice(0)) log(level, message)
    },
  }
}
