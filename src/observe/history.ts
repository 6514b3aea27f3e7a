import type { Change } from '../core/changes.ts'
import type { History, HistoryEvent, HistoryListener } from '../ports/history.ts'
import { describe, isNews } from './describe.ts'

/** A {@link History} that is written. */
export interface WrittenHistory extends History {
  change(change: Change): void
}

export interface HistoryOptions {
  /** Calls back in a later turn of the event loop. */
  readonly later: (callback: () => void) => void
  /** Hears what a listener throws, or rejects with. */
  readonly report: (error: unknown) => void
  /** How many events are kept. */
  readonly limit?: number
}

/** What is kept is the mailbox of every listener: each has a place of its own in it, and is told how many events it has lost. */
export function createHistory({ later, report, limit = 1000 }: HistoryOptions): WrittenHistory {
  /** The event with the number `id` stands at `id % limit`. */
  const kept: HistoryEvent[] = []
  const followers = new Set<Follower>()
  let newest = 0

  function since(id: number): readonly HistoryEvent[] {
    const first = Math.max(id > newest ? 0 : id, newest - limit) + 1
    const start = first % limit
    const count = newest - first + 1
    const events = kept.slice(start, start + count)
    return events.length < count ? [...events, ...kept.slice(0, count - events.length)] : events
  }

  function wake(follower: Follower): void {
    if (follower.isBusy) return
    follower.isBusy = true
    later(() => void tell(follower))
  }

  /** Never rejects. What comes meanwhile is told in a later turn. */
  async function tell(follower: Follower): Promise<void> {
    if (!followers.has(follower)) return
    const events = since(follower.seen)
    const missed = newest - events.length - follower.seen
    follower.seen = newest
    try {
      await follower.listener(events, missed)
    } catch (error) {
      report(error)
    }
    follower.isBusy = false
    if (follower.seen < newest) wake(follower)
  }

  return {
    get newest() {
      return newest
    },
    since,
    follow(listener, after = newest) {
      const follower = { listener, seen: after > newest ? 0 : after, isBusy: false }
      followers.add(follower)
      if (follower.seen < newest) wake(follower)
      return () => void followers.delete(follower)
    },
    change(change) {
      const event = toEvent(change, newest + 1)
      if (event === null) return
      newest += 1
      kept[newest % limit] = event
      for (const follower of followers) wake(follower)
    },
  }
}

interface Follower {
  readonly listener: HistoryListener
  /** Number of the last event that it was told. */
  seen: number
  /** It is told, or will be. */
  isBusy: boolean
}

const mostOfText = 1000

/** null: it is none. Of results of probes hundreds may come in a second. */
function toEvent(change: Change, id: number): HistoryEvent | null {
  if (change.type === 'probe' && !isNews(change)) return null
  if (change.type === 'hook' && change.isOk) return null
  const { level, message } = describe(change)
  return {
    ...{ id, atMs: change.at.wallMs, level, type: change.type },
    process: 'process' in change ? change.process : null,
    instance: 'instance' in change ? change.instance : null,
    run: 'run' in change ? change.run : null,
    phase: 'phase' in change ? change.phase : null,
    isReady: ('isReady' in change ? change.isReady : null) ?? null,
    cause: ('cause' in change ? change.cause : null) ?? null,
    text: (message.split('\n', 1)[0] ?? '').slice(0, mostOfText),
  }
}
