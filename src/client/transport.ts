import type { IncomingMessage } from 'node:http'
import { SupervisorError } from '../lib/errors.ts'
import type { Problem } from '../wire/problems.ts'

export interface Request {
  readonly method: 'GET' | 'POST' | 'PUT'
  /** With its query. */
  readonly path: string
  readonly body?: unknown
  readonly signal?: AbortSignal | undefined
}

/**
 * The response of the first of `sockets` where somebody listens. Throws `UNREACHABLE` when there is none, and `REQUEST_FAILED`, with
 * the {@link Problem} as its cause, when it was refused.
 */
export async function send(sockets: readonly string[], request: Request): Promise<IncomingMessage> {
  const reasons: string[] = []
  for (const socketPath of sockets) {
    try {
      const response = await ask(socketPath, request)
      if ((response.statusCode ?? 500) < 300) return response
      throw toError(await readText(response))
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (!unreached.has(code ?? '')) throw asLost(error, socketPath)
      reasons.push(`cannot reach ${socketPath}: ${explain(code)}`)
    }
  }
  // The first is where it is usually; another may hold somebody's.
  const found = reasons.find((reason) => !reason.endsWith(explain('ENOENT')))
  throw new SupervisorError(
    'UNREACHABLE',
    found ??
      reasons[0] ??
      'cannot reach Ringmaster: there is no place for its socket. Name it with --socket PATH or RINGMASTER_CONTROL',
  )
}

/** A connection that was there is no more; the caller has ended others itself. */
function asLost(error: unknown, socketPath: string): unknown {
  const { code } = error as NodeJS.ErrnoException
  if (code !== 'ECONNRESET' && code !== 'EPIPE') return error
  const message = `lost the connection to ${socketPath}: it has ended, or is about to`
  return new SupervisorError('UNREACHABLE', message, { cause: error })
}

/** The whole of a body, as text. */
export async function readText(response: IncomingMessage): Promise<string> {
  response.setEncoding('utf8')
  let text = ''
  for await (const part of response) text += part
  return text
}

/** The lines of a body, as they come. */
export async function* linesOf(response: IncomingMessage): AsyncGenerator<string> {
  response.setEncoding('utf8')
  let rest = ''
  try {
    for await (const part of response) {
      const lines = `${rest}${part}`.split('\n')
      rest = lines.pop() ?? ''
      yield* lines
    }
  } catch (error) {
    throw asLost(error, 'Ringmaster')
  }
  if (rest !== '') yield rest
}

const unreached: ReadonlySet<string> = new Set([
  ...['ENOENT', 'ECONNREFUSED', 'EACCES', 'EPERM', 'ENOTSOCK', 'ENOTDIR', 'ENAMETOOLONG', 'EINVAL'],
  'EAGAIN',
])

function explain(code: string | undefined): string {
  switch (code) {
    case 'ENOENT':
      return 'there is no such socket. Is "ringmaster run" running, and as this user?'
    case 'ECONNREFUSED':
      return 'nobody listens. Is "ringmaster run" still running?'
    case 'EACCES':
    case 'EPERM':
      return 'no permission. Ask as the user that started Ringmaster, or set control.mode and control.owner'
    case 'EAGAIN':
      return 'too many clients wait already'
    default:
      return `${code}`
  }
}

async function ask(
  socketPath: string,
  { method, path, body, signal }: Request,
): Promise<IncomingMessage> {
  const { request } = await import('node:http')
  return new Promise((resolve, reject) => {
    const text = body === undefined ? undefined : JSON.stringify(body)
    const headers = {
      host: 'ringmaster',
      ...(text !== undefined && {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(text),
      }),
    }
    // One request a connection: nothing keeps a command waiting for its end.
    const sent = request(
      { socketPath, method, path, headers, agent: false, ...(signal && { signal }) },
      resolve,
    )
    sent.on('error', reject)
    sent.end(text)
  })
}

function toError(text: string): SupervisorError {
  try {
    const problem = JSON.parse(text) as Problem
    return new SupervisorError('REQUEST_FAILED', problem.detail, { cause: problem })
  } catch {
    return new SupervisorError(
      'REQUEST_FAILED',
      `not an answer of Ringmaster: ${text.slice(0, 200)}`,
    )
  }
}
