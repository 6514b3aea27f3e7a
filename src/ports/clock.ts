import type { Moment } from '../core/events.ts'

export interface Clock {
  now(): Moment
  /** A random number in [0, 1). */
  unit(): number
  /** Calls `callback` once at `atMonoMs` or soon after; returns what takes it back. */
  at(atMonoMs: number, callback: () => void): () => void
  /** Calls `callback` after the event loop has looked for input and output once. */
  afterPoll(callback: () => void): void
}
