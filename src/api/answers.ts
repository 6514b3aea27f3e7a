import type { View } from '../core/view.ts'
import { type Check, type Probe, type Subject, subjectsOf } from './checks.ts'

/** What a client wants to know of a probe, and how. */
export interface Question {
  readonly probe: Probe
  /** Of this process alone. */
  readonly process?: string | undefined
  /** Every check, also where all is well. */
  readonly isVerbose: boolean
  readonly isJson: boolean
  /** Names of checks to leave out. */
  readonly excluded: readonly string[]
}

/** Less than 10 KiB: what the kubelet reads of a body. */
export interface Answer {
  readonly status: 200 | 404 | 503
  readonly contentType: string
  readonly body: string
}

/**
 * Answers from `view`, in the form of kube-apiserver: `ok`, or a line for each check, `[+]web ready`, `[-]api.2 backoff`. What
 * fails is always said, and first.
 */
export function answer(view: View, question: Question): Answer {
  const { probe, process, isVerbose, isJson, excluded } = question
  const subjects = subjectsOf(view, probe, process)
  if (subjects === null) return { status: 404, contentType: plain, body: 'no such process\n' }
  const checks = subjects.flatMap((subject) => without(excluded, subject))
  const failing = checks.filter(({ isOk }) => !isOk)
  const isOk = failing.length === 0
  const wanted = isVerbose ? [...failing, ...checks.filter((check) => check.isOk)] : failing
  const unknown = [...new Set(excluded)].filter(
    (name) => !subjects.some((subject) => subject.name === name),
  )
  const result = { probe, isOk, isVerbose, checks: wanted, warning: warnOf(unknown) }
  return {
    status: isOk ? 200 : 503,
    contentType: isJson ? 'application/json; charset=utf-8' : plain,
    body: isJson ? toJson(result) : toText(result),
  }
}

/** As {@link answer}, on what `view` returns; as long as that is the same, an answer to a usual question is kept. */
export function createAnswers(view: () => View): (question: Question) => Answer {
  let answered: View | undefined
  const kept = new Map<string, Answer>()
  return (question) => {
    const now = view()
    if (now !== answered) {
      answered = now
      kept.clear()
    }
    if (question.process !== undefined || question.excluded.length > 0) return answer(now, question)
    const key = `${question.probe} ${question.isVerbose} ${question.isJson}`
    const known = kept.get(key)
    if (known) return known
    const made = answer(now, question)
    kept.set(key, made)
    return made
  }
}

const plain = 'text/plain; charset=utf-8'
/** With the last line and the warning still below 10 KiB. */
const mostBytes = 8192
const longestMessage = 200
const longestWarning = 500

interface Result {
  readonly probe: Probe
  readonly isOk: boolean
  readonly isVerbose: boolean
  readonly checks: readonly Check[]
  readonly warning: string | undefined
}

function without(excluded: readonly string[], { name, checks }: Subject): readonly Check[] {
  if (name === null || !excluded.includes(name)) return checks
  return [{ name, isOk: true, message: 'excluded: ok' }]
}

/** kube-apiserver does not fail for a name that it does not know. */
function warnOf(unknown: readonly string[]): string | undefined {
  if (unknown.length === 0) return undefined
  const names = unknown.map((name) => JSON.stringify(name)).join(',')
  return cut(`some health checks cannot be excluded: no matches for ${names}`, longestWarning)
}

function toText({ probe, isOk, isVerbose, checks, warning }: Result): string {
  if (isOk && !isVerbose) return 'ok'
  const lines = checks.map(
    ({ name, isOk, message }) => `[${isOk ? '+' : '-'}]${name} ${oneLine(message)}`,
  )
  const { shown, more } = fit(lines)
  return [
    ...shown,
    ...(more > 0 ? [`${more} more`] : []),
    ...(warning === undefined ? [] : [`warn: ${warning}`]),
    `${probe} check ${isOk ? 'passed' : 'failed'}`,
    '',
  ].join('\n')
}

function toJson({ probe, isOk, checks, warning }: Result): string {
  const { shown, more } = fit(
    checks.map(({ name, isOk, message }) =>
      JSON.stringify({ name, ok: isOk, message: oneLine(message) }),
    ),
  )
  const rest = JSON.stringify({ more, ...(warning === undefined ? {} : { warning }) })
  return `{"probe":"${probe}","ok":${isOk},"checks":[${shown.join(',')}],${rest.slice(1)}\n`
}

/** As many of `lines` as there is room for. */
function fit(lines: readonly string[]): { shown: readonly string[]; more: number } {
  let bytes = 0
  const end = lines.findIndex((line) => {
    bytes += Buffer.byteLength(line) + 1
    return bytes > mostBytes
  })
  const count = end < 0 ? lines.length : end
  return { shown: lines.slice(0, count), more: lines.length - count }
}

function oneLine(message: string): string {
  return cut(message.replace(/\p{Cc}+/gu, ' '), longestMessage)
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text
}
