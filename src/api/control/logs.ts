import { Type } from '@sinclair/typebox'
import type { LastWords } from '../../ports/output.ts'
import { type Line, LineSchema } from '../../wire/history.ts'
import { Feed } from './feed.ts'
import { NamesQuery, namesIn } from './names.ts'
import { type Operation, operation } from './operation.ts'
import type { ControlSource } from './operations.ts'
import { select } from './select.ts'

const query = Type.Composite([
  NamesQuery,
  Type.Object({
    tail: Type.Optional(
      Type.String({ pattern: '^[0-9]{1,6}$', description: 'So many lines of each stream.' }),
    ),
    follow: Type.Optional(Type.Union([Type.Literal('true'), Type.Literal('false')])),
  }),
])

export function logOperations({ view, lines }: ControlSource): readonly Operation[] {
  return [
    operation({
      method: 'GET',
      path: '/v1/logs',
      summary:
        'The last lines of processes, up to 8 KiB of each stream, and with `follow` those to come: one JSON object a line.',
      query,
      response: LineSchema,
      contentType: 'application/x-ndjson',
      handle({ query, signal }) {
        const names = namesIn(query)
        const found = select(view(), names).flatMap(({ instances }) => instances)
        const most = query.tail === undefined ? Number.POSITIVE_INFINITY : Number(query.tail)
        const last = found.flatMap(({ name }) => lastLines(name, lines.lastWords(name), most))
        if (query.follow !== 'true') return last.join('')
        const feed = new Feed((dropped) => print({ dropped }))
        // A process that is named has instances that come later, too.
        const isMeant = createMemo((instance: string) =>
          select(view(), names).some((one) => one.instances.some(({ name }) => name === instance)),
        )
        const forget = lines.follow((instance, stream, bytes) => {
          if (!isMeant(instance)) return
          for (const line of split(bytes.toString()))
            feed.offer(print({ instance, stream, text: line }))
        })
        signal.addEventListener('abort', forget)
        for (const line of last) feed.offer(line)
        return feed
      },
    }),
  ]
}

function lastLines(instance: string, words: LastWords, most: number): string[] {
  return (['stderr', 'stdout'] as const).flatMap((stream) => {
    const text = Buffer.from(words[stream], 'latin1').toString()
    const all = split(text)
    return all
      .slice(Math.max(0, all.length - most))
      .map((line) => print({ instance, stream, text: line }))
  })
}

function split(text: string): string[] {
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines
}

function print(line: Line): string {
  return `${JSON.stringify(line)}\n`
}

/** Remembers answers: names are looked up for each instance once. A name that is not there yet is asked for again. */
function createMemo(ask: (instance: string) => boolean): (instance: string) => boolean {
  const known = new Map<string, boolean>()
  return (instance) => {
    const before = known.get(instance)
    if (before !== undefined) return before
    const answer = attempt(() => ask(instance))
    if (answer) known.set(instance, answer)
    return answer
  }
}

/** What is named may be gone by now. */
function attempt(ask: () => boolean): boolean {
  try {
    return ask()
  } catch {
    return false
  }
}
