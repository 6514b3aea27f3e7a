import { stripVTControlCharacters } from 'node:util'
import type { Change, InstanceChange } from '../core/messages.ts'
import type { View } from '../core/view.ts'
import type { LastWords } from '../ports/output.ts'
import { endOf } from './describe.ts'

/** Why Ringmaster ended by itself, for who looks at a container that is gone. */
export interface TerminationMessage {
  change(change: Change): void
  /**
   * What is told, with its newline: first who failed, how, and after how many restarts, then the last lines that it wrote. At most
   * `limitBytes` of UTF-8. Holds nothing of a configuration or an environment; '' when the end was asked for.
   */
  text(limitBytes: number): string
}

export interface TerminationMessageOptions {
  readonly view: () => View
  /** What an instance wrote last, as latin1. */
  readonly lastWords: (instance: string) => LastWords
}

export function createTerminationMessage(options: TerminationMessageOptions): TerminationMessage {
  /** The ends that were final, by the instance. */
  const ends = new Map<string, InstanceChange>()
  let told: { readonly reason: string; readonly code: number } | undefined
  return {
    change(change) {
      if (change.type === 'supervisor' && change.phase === 'ended') told = change
      if (change.type !== 'instance') return
      if (change.phase === 'failed' || change.phase === 'succeeded') {
        ends.set(change.instance, change)
      }
    },
    text(limitBytes) {
      if (told === undefined || told.code === 0) return ''
      const { reason, code } = told
      const all = [...ends.values()]
      const end =
        all.find(({ instance, phase }) => reason === `${instance} ${phase}`) ??
        all.find(({ phase }) => phase === 'failed')
      const last = `ringmaster ends with code ${code}: ${reason.slice(0, mostOfReason)}\n`
      if (end === undefined) return last
      const head = `${describeEnd(end, restartsOf(options.view(), end))}\n${last}`
      return `${head}${lastLines(options.lastWords(end.instance), limitBytes - Buffer.byteLength(head))}`
    },
  }
}

/** In characters; the rest of an error tells less. */
const mostOfReason = 300
/** Kubernetes takes the last 80 lines of a log where there is no message. */
const mostLines = 60

function restartsOf({ processes }: View, { instance }: InstanceChange): number {
  const all = processes.flatMap(({ instances }) => instances)
  return all.find(({ name }) => name === instance)?.restarts ?? 0
}

/** `web.1 failed: oom-killed (signal SIGKILL, killed by the kernel), 3 restarts`. */
function describeEnd(end: InstanceChange, restarts: number): string {
  const { instance, phase, cause, reason } = end
  const count = `${restarts} ${restarts === 1 ? 'restart' : 'restarts'}`
  const why = reason === undefined ? '' : `; ${reason}`
  return `${instance} ${phase}: ${cause} (${endOf(end)}), ${count}${why}`
}

/** Of stderr, or of stdout when there is nothing there; '' when nothing is known, or fits. */
function lastLines({ stdout, stderr }: LastWords, limitBytes: number): string {
  const stream = stderr === '' ? 'stdout' : 'stderr'
  const title = `last lines of its ${stream}:\n`
  const lines = toText(stderr === '' ? stdout : stderr)
    .split('\n')
    .filter((line) => line !== '')
    .slice(-mostLines)
  let room = limitBytes - title.length
  let text = ''
  for (const line of lines.reverse()) {
    const size = Buffer.byteLength(line) + 1
    if (size > room && text !== '') break
    text = `${size > room ? lastBytes(line, room - 1) : line}\n${text}`
    room -= size
  }
  return text === '' ? '' : `${title}${text}`
}

/** As a person can read it, without colours and what moves a cursor. */
function toText(latin1: string): string {
  const text = stripVTControlCharacters(Buffer.from(latin1, 'latin1').toString())
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  return text.replace(/\r(?=\n)/g, '').replace(/[\0-\x08\x0b-\x1f\x7f]/g, ' ')
}

/** Whole characters. */
function lastBytes(text: string, limitBytes: number): string {
  const bytes = Buffer.from(text)
  let start = Math.max(0, bytes.length - limitBytes)
  while (((bytes[start] ?? 0) & 0xc0) === 0x80) start += 1
  return bytes.toString('utf8', start)
}
