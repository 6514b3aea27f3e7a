import { Type } from '@sinclair/typebox'
import type { HistoryEvent } from '../../ports/history.ts'
import { EventSchema, type EventStatus } from '../../wire/history.ts'
import { Feed } from './feed.ts'
import { NamesQuery, namesIn } from './names.ts'
import { type Operation, operation } from './operation.ts'
import type { ControlSource } from './operations.ts'
import { select } from './select.ts'

const query = Type.Composite([
  NamesQuery,
  Type.Object({
    after: Type.Optional(
      Type.String({ pattern: '^[0-9]{1,15}$', description: 'The number of an event.' }),
    ),
  }),
])

export function eventOperations({ view, history }: ControlSource): readonly Operation[] {
  return [
    operation({
      method: 'GET',
      path: '/v1/events',
      summary: 'What has happened, oldest first: the newest 1,000 at most.',
      query,
      response: Type.Array(EventSchema),
      handle({ query }): EventStatus[] {
        const isMeant = filterOf(namesIn(query))
        return history
          .since(Number(query.after ?? 0))
          .filter(isMeant)
          .map(eventStatusOf)
      },
    }),
    operation({
      method: 'GET',
      path: '/v1/events/stream',
      summary:
        'The same and what happens from now on, as server-sent events; after the one with the number `after`, or that of the header Last-Event-ID.',
      query,
      response: Type.String(),
      contentType: 'text/event-stream',
      handle({ query, headers, signal }) {
        const isMeant = filterOf(namesIn(query))
        const last = headers['last-event-id']
        const after = query.after ?? (typeof last === 'string' && /^\d+$/.test(last) ? last : null)
        const feed = new Feed(describeMissed)
        const forget = history.follow(
          (events, missed) => {
            if (missed > 0) feed.offer(describeMissed(missed))
            for (const event of events) {
              if (isMeant(event)) feed.offer(print(eventStatusOf(event)))
            }
          },
          after === null ? undefined : Number(after),
        )
        signal.addEventListener('abort', forget)
        // Headers go out with the first byte, and a client wants to know that it is listened to.
        feed.offer(': listening\n\n')
        return feed
      },
    }),
  ]

  /** Whether an event is about what is named; without names, whatever it is about. */
  function filterOf(names: readonly string[]): (event: HistoryEvent) => boolean {
    if (names.length === 0) return () => true
    const meant = new Set(
      select(view(), names).flatMap((one) => one.instances.map(({ name }) => name)),
    )
    return ({ instance }) => instance !== null && meant.has(instance)
  }
}

/** An event, as clients are told. */
function eventStatusOf(event: HistoryEvent): EventStatus {
  const { atMs, isReady, id, level, type, process, instance, run, phase, cause, text } = event
  const at = new Date(atMs).toISOString()
  return { id, at, level, type, process, instance, run, phase, ready: isReady, cause, text }
}

function print(event: EventStatus): string {
  return `id: ${event.id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`
}

function describeMissed(count: number): string {
  return `event: missed\ndata: ${JSON.stringify({ missed: count })}\n\n`
}
