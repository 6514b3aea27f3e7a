import type { IncomingMessage } from 'node:http'
import { isSupervisorError, SupervisorError } from '../lib/errors.ts'
import type { Problem } from '../wire/problems.ts'
import { mostPathBytes, type Place } from './place.ts'

export interface Request {
  readonly method: 'GET' | 'POST' | 'PUT'
  /** With its query. */
  readonly path: string
  readonly body?: unknown
  readonly signal?: AbortSignal | undefined
  /** How long who listens may take to begin with the answer, in ms; null: for ever. If not given, {@link answerMs}. */
  readonly withinMs?: number | null
}

/** Who has not answered by then is suspended, or as good as that. */
export const answerMs = 30_000

/**
 * The response of the first of `places` where somebody listens. Throws `UNREACHABLE` when there is none, and `REQUEST_FAILED`, with
 * the {@link Problem} as its cause, when it was refused.
 */
export async function send(places: readonly Place[], request: Request): Promise<IncomingMessage> {
  const failures: { readonly code: string; readonly message: string; readonly cause: unknown }[] =
    []
  for (const place of places) {
    try {
      const response = await ask(place, request)
      if ((response.statusCode ?? 500) < 300) return response
      throw toError(await readText(response))
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException
      const why = isSupervisorError(cause) || code === undefined ? undefined : place.explain(code)
      if (code === undefined || why === undefined) throw asLost(cause, place.name)
      failures.push({ code, message: `cannot reach ${place.name}: ${why}`, cause })
    }
  }
  // The first is where it is usually; another may hold somebody's.
  const told = failures.find(({ code }) => code !== 'ENOENT') ?? failures[0]
  throw new SupervisorError(
    'UNREACHABLE',
    told?.message ??
      'cannot reach Ringmaster: there is no place for its socket. Name it with --socket PATH or RINGMASTER_CONTROL',
    { cause: told?.cause },
  )
}

/** A connection that was there is no more, or somebody else is at its end; the caller has ended others itself. */
function asLost(error: unknown, name: string): unknown {
  const { code, message } = error as NodeJS.ErrnoException
  if (code?.startsWith('HPE_')) return foreign(message, error)
  if (code !== 'ECONNRESET' && code !== 'EPIPE') return error
  const text = `lost the connection to ${name}: it has ended, is about to, or has too many clients`
  return new SupervisorError('UNREACHABLE', text, { cause: error })
}

function foreign(text: string, cause: unknown): SupervisorError {
  const message = `not an answer of Ringmaster: ${text.slice(0, 200)}`
  return new SupervisorError('REQUEST_FAILED', message, { cause })
}

/** Throws `REQUEST_FAILED` for what is no JSON. */
export function parseAnswer(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw foreign(text, error)
  }
}

/** The whole of a body, as text; it has to come in one piece. Throws `UNREACHABLE`. */
export async function readText(response: IncomingMessage): Promise<string> {
  response.setEncoding('utf8')
  const timer = setTimeout(() => response.destroy(silent('Ringmaster', answerMs)), answerMs)
  let text = ''
  try {
    for await (const part of response) text += part
  } catch (error) {
    throw asLost(error, 'Ringmaster')
  } finally {
    clearTimeout(timer)
  }
  return text
}

function silent(name: string, withinMs: number): SupervisorError {
  const message = `no answer of ${name} within ${Math.round(withinMs / 1000)} s: is it suspended?`
  return new SupervisorError('UNREACHABLE', message)
}

/** The lines of a body, as they come. Throws the reason of `signal` when that has ended it. */
export async function* linesOf(
  response: IncomingMessage,
  signal?: AbortSignal,
): AsyncGenerator<string> {
  response.setEncoding('utf8')
  let rest = ''
  try {
    for await (const part of response) {
      const lines = `${rest}${part}`.split('\n')
      rest = lines.pop() ?? ''
      yield* lines
    }
  } catch (error) {
    // What Node.js says then is that the other side has gone.
    signal?.throwIfAborted()
    throw asLost(error, 'Ringmaster')
  }
  if (rest !== '') yield rest
}

/** A machine that is not there says nothing. */
const connectMs = 10_000
/** A timer of Node.js that is to take longer takes 1 ms. */
const longestTimerMs = 2 ** 31 - 1

async function ask(
  place: Place,
  { method, path, body, signal, withinMs = answerMs }: Request,
): Promise<IncomingMessage> {
  if (Buffer.byteLength(place.request.socketPath ?? '') > mostPathBytes) {
    throw Object.assign(new Error('too long a path'), { code: 'ENAMETOOLONG' })
  }
  const { request } = place.isSecure ? await import('node:https') : await import('node:http')
  return new Promise((resolve, reject) => {
    const text = body === undefined ? undefined : JSON.stringify(body)
    const headers = {
      ...place.request.headers,
      ...(text !== undefined && {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(text),
      }),
    }
    const sent = request(
      // One request a connection: nothing keeps a command waiting for its end.
      { ...place.request, method, path, headers, agent: false, ...(signal && { signal }) },
      resolve,
    )
    const late = Object.assign(new Error('no connection'), { code: 'ETIMEDOUT' })
    let timer = setTimeout(() => sent.destroy(late), connectMs)
    sent.once('socket', (socket) => {
      socket.once(place.isSecure ? 'secureConnect' : 'connect', () => {
        clearTimeout(timer)
        if (withinMs === null) return
        const end = () => sent.destroy(silent(place.name, withinMs))
        timer = setTimeout(end, Math.min(withinMs, longestTimerMs))
      })
    })
    for (const over of ['response', 'close']) sent.once(over, () => clearTimeout(timer))
    sent.on('error', reject)
    sent.end(text)
  })
}

function toError(text: string): SupervisorError {
  const problem = parseProblem(text)
  // Node.js itself refuses a request with too long a head, in its own words.
  if (problem?.detail === undefined) return foreign(text, problem)
  return new SupervisorError('REQUEST_FAILED', problem.detail, { cause: problem })
}

function parseProblem(text: string): Partial<Problem> | undefined {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
