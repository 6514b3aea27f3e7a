import type { Change, InstanceChange } from '../core/changes.ts'
import type { View } from '../core/view.ts'
import type { LastWords } from '../ports/output.ts'
import { endOf } from './describe.ts'
import { lastLines } from './last-lines.ts'
import { restartsOf } from './restarts.ts'

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
      if (change.type === 'departure') ends.delete(change.instance)
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
      const view = options.view()
      const first = describeEnd(end, restartsOf(view, end.instance))
      const head = `${first}\n${describeRollout(view, end.process)}${last}`
      return `${head}${quote(options.lastWords(end.instance), limitBytes - Buffer.byteLength(head))}`
    },
  }
}

/** In characters; the rest of an error tells less. */
const mostOfReason = 300
/** Kubernetes takes the last 80 lines of a log where there is no message. */
const mostLines = 60

/** `web.1 failed: oom-killed (signal SIGKILL, killed by the kernel), 3 restarts`. */
function describeEnd(end: InstanceChange, restarts: number): string {
  const { instance, phase, cause, reason } = end
  const count = `${restarts} ${restarts === 1 ? 'restart' : 'restarts'}`
  const why = reason === undefined ? '' : `; ${reason}`
  return `${instance} ${phase}: ${cause} (${endOf(end)}), ${count}${why}`
}

/** What runs is what a rollout had to go back to, or what it has left. */
function describeRollout({ processes }: View, name: string): string {
  const rollout = processes.find((process) => process.name === name)?.lastRollout
  if (rollout?.result !== 'failed' && rollout?.result !== 'returned') return ''
  const reason = rollout.reason === null ? '' : `: ${rollout.reason.slice(0, mostOfReason)}`
  return `the last rollout of ${name} had failed${reason}\n`
}

/** The last lines of stderr, or of stdout when there is nothing there; '' when nothing is known, or fits. */
function quote({ stdout, stderr }: LastWords, limitBytes: number): string {
  const stream = stderr === '' ? 'stdout' : 'stderr'
  const title = `last lines of its ${stream}:\n`
  const words = stderr === '' ? stdout : stderr
  const text = lastLines(words, limitBytes - title.length, mostLines)
  return text === '' ? '' : `${title}${text}`
}
