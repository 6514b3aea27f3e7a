import type { Past } from '../core/state.ts'
import { messageOf, SupervisorError } from '../lib/errors.ts'
import type { Clock } from '../ports/clock.ts'
import type { RevisionStore } from '../ports/revision-store.ts'
import { lockFolder } from './folder-lock.ts'
import { readRevisions, TooMany, writeRevisions } from './revision-file.ts'

export interface WrittenRevisions extends RevisionStore {
  /** Resolves when what was to be kept is, or cannot be, or after `deadlineMs`. */
  flush(deadlineMs: number): Promise<void>
}

export interface StoreOptions {
  readonly clock: Clock
  /** Hears of what goes wrong, once, and of its end. */
  readonly tell: (level: 'info' | 'warn', message: string) => void
  /** How revisions are written. */
  readonly write?: typeof writeRevisions
}

/** What comes within this time, in ms, is written together. */
const gatherMs = 50
/** Between two writes there is so many times what the first one took, but no more ms than this. */
const [pace, longestPauseMs] = [10, 10_000]
/** How long after a failure it is tried again, in ms: twice as long each time. */
const [firstRetryMs, longestRetryMs] = [1000, 60_000]

/** Keeps revisions in a file of the folder `stateDir`; null: nowhere. Throws `START_REFUSED` where the folder cannot be used, or another does. */
export function openRevisionStore(
  stateDir: string | null,
  { clock, tell, write = writeRevisions }: StoreOptions,
): WrittenRevisions {
  if (stateDir === null) return { past: [], keep() {}, async flush() {} }
  const folder = stateDir
  const obstacle = lockFolder(folder)
  if (obstacle === 'EAGAIN') {
    throw new SupervisorError(
      'START_REFUSED',
      `cannot keep revisions in stateDir ${folder}: another Ringmaster that runs does. Give each a folder of its own, or set stateDir: null`,
    )
  }
  const past = readRevisions(folder, (problem) => tell('warn', problem))
  if (obstacle !== null) {
    tell('warn', `cannot lock ${folder}: ${obstacle}. Let no other Ringmaster use it`)
  }
  /** The newest, when they are not written yet. */
  let waiting: readonly Past[] | null = null
  let work: Promise<void> | null = null
  let problem: string | null = null
  let [notBeforeMs, retryMs] = [0, firstRetryMs]
  let isEnding = false
  let endPause = () => {}

  function pause(): Promise<void> {
    if (isEnding) return Promise.resolve()
    return new Promise((resolve) => {
      const untilMs = Math.max(clock.now().monoMs + gatherMs, notBeforeMs)
      const cancel = clock.at(untilMs, resolve)
      endPause = () => {
        cancel()
        resolve()
      }
    })
  }

  async function writeWaiting(): Promise<void> {
    while (waiting !== null) {
      await pause()
      const next = waiting
      waiting = null
      const beganMs = clock.now().monoMs
      const failure = await tryToWrite(next)
      const endedMs = clock.now().monoMs
      if (failure === null) {
        notBeforeMs = endedMs + Math.min(pace * (endedMs - beganMs), longestPauseMs)
        retryMs = firstRetryMs
      } else if (!(failure instanceof TooMany)) {
        if (isEnding) return
        waiting ??= next
        notBeforeMs = endedMs + retryMs
        retryMs = Math.min(2 * retryMs, longestRetryMs)
      }
    }
    work = null
  }

  /** Why they could not be written. */
  async function tryToWrite(next: readonly Past[]): Promise<unknown> {
    try {
      await write(folder, next)
      if (problem !== null) tell('info', `revisions are kept in ${folder} again`)
      problem = null
      return null
    } catch (error) {
      const failure = messageOf(error)
      if (failure !== problem) {
        tell('warn', `cannot keep revisions in ${folder}: ${failure}. They live on in memory`)
      }
      problem = failure
      return error
    }
  }

  return {
    past,
    keep(next) {
      waiting = next
      work ??= writeWaiting()
    },
    async flush(deadlineMs) {
      if (work === null) return
      isEnding = true
      endPause()
      const late = new Promise<void>((resolve) =>
        clock.at(clock.now().monoMs + deadlineMs, resolve),
      )
      await Promise.race([work, late])
    },
  }
}
