import type { ParseArgsConfig } from 'node:util'
import { readEndpointFile } from '../os/endpoint-file.ts'
import { parseWords, usageError } from './usage.ts'

const probeUsage = `Usage: ringmaster probe [OPTION]... livez|readyz|startupz[/NAME]

Asks a running Ringmaster how it is, or how its process NAME is, and prints the answer: exit code 0 when all is well, 1 when not or
when nobody answers. For HEALTHCHECK: it needs no curl and no configuration.

      --host HOST        where it listens; 127.0.0.1, then ::1, if not given
      --port PORT        its port; if not given, the one that "ringmaster run" has written down, or 9099
      --timeout SECONDS  how long to wait for the answer, 5 if not given
  -h, --help             print this
`

const flags = {
  host: { type: 'string' },
  port: { type: 'string' },
  timeout: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const satisfies ParseArgsConfig['options']

/** Docker knows no other exit codes of a health check. */
type ProbeResult = { readonly text: string; readonly exitCode: 0 | 1 }

/** Carries out `ringmaster probe ARGS`. Throws `USAGE`. */
export async function probeCommand(args: readonly string[]): Promise<ProbeResult> {
  const { values, positionals } = parseWords('probe', args, flags)
  if (values.help) return { text: probeUsage, exitCode: 0 }
  const [path, ...more] = positionals
  if (path === undefined) throw usageError('probe', 'no probe: livez, readyz or startupz')
  if (more.length > 0) throw usageError('probe', `"${more[0]}" is one too many`)
  if (!/^(livez|readyz|startupz)(\/[A-Za-z0-9_-]+)?$/.test(path)) {
    throw usageError(
      'probe',
      `"${path}" is neither livez, readyz, startupz nor one of them with /NAME`,
    )
  }
  const timeoutMs = 1000 * numberIn('--timeout', values.timeout ?? '5', 3600)
  const { hosts, port, origin } = addressOf(values.host, values.port)
  try {
    return judge(path, await ask(hosts, port, path, timeoutMs))
  } catch (error) {
    const where = `${hosts[0]?.includes(':') ? `[${hosts[0]}]` : hosts[0]}:${port}${origin}`
    return failed(`cannot ask ${where}: ${reasonOf(error, timeoutMs)}`)
  }
}

interface Target {
  /** To be tried in this order. */
  readonly hosts: readonly string[]
  readonly port: number
  /** For messages. */
  readonly origin: string
}

const defaultPort = 9099
/** Where who listens at all addresses, or was not asked where, is to be found. */
const loopback = ['127.0.0.1', '::1']
const everywhere: readonly string[] = ['::', '0.0.0.0']
/** An answer of Ringmaster has 10 KiB. */
const mostChars = 65_536

function addressOf(host: string | undefined, port: string | undefined): Target {
  const given = host === undefined ? loopback : [host]
  if (port !== undefined) {
    const number = numberIn('--port', port, 65_535)
    if (!Number.isInteger(number)) throw usageError('probe', `--port takes a port, not "${port}"`)
    return { hosts: given, port: number, origin: '' }
  }
  const written = readEndpointFile()
  if (written === undefined) return { hosts: given, port: defaultPort, origin: '' }
  const isFixed = host === undefined && !everywhere.includes(written.host)
  const hosts = isFixed ? [written.host] : given
  return { hosts, port: written.port, origin: ` (from ${written.path})` }
}

/** The whole response of the first of `hosts` where somebody listens. */
async function ask(
  hosts: readonly string[],
  port: number,
  path: string,
  timeoutMs: number,
): Promise<string> {
  const signal = AbortSignal.timeout(timeoutMs)
  let failure: unknown
  for (const host of hosts) {
    try {
      return await request({ host, port, signal }, path)
    } catch (error) {
      failure ??= error
      if (signal.aborted) throw error
    }
  }
  throw failure
}

interface Connecting {
  readonly host: string
  readonly port: number
  readonly signal: AbortSignal
}

async function request(connecting: Connecting, path: string): Promise<string> {
  // Not before it is needed: this bundle is that of "exec", too.
  const { connect } = await import('node:net')
  return new Promise((resolve, reject) => {
    let response = ''
    const socket = connect(connecting)
    socket.setEncoding('utf8')
    socket.on('error', reject)
    socket.on('data', (text: string) => {
      response += text
      if (response.length > mostChars) socket.destroy()
    })
    socket.on('close', () => resolve(response))
    socket.write(`GET /${path} HTTP/1.0\r\nHost: localhost\r\n\r\n`)
  })
}

function judge(path: string, response: string): ProbeResult {
  const status = /^HTTP\/1\.\d (\d{3}) /.exec(response)?.[1]
  const body = response.slice(response.indexOf('\r\n\r\n') + 4)
  if (status === '200') return { text: body.endsWith('\n') ? body : `${body}\n`, exitCode: 0 }
  if (status === '503') return { text: body, exitCode: 1 }
  const name = path.split('/')[1]
  if (status === '404' && name !== undefined) return failed(`there is no process "${name}"`)
  return failed(`who answers is not Ringmaster${status === undefined ? '' : `: HTTP ${status}`}`)
}

function failed(message: string): ProbeResult {
  process.stderr.write(`ringmaster: probe: ${message}\n`)
  return { text: '', exitCode: 1 }
}

function reasonOf(error: unknown, timeoutMs: number): string {
  const { name, code, message } = error as NodeJS.ErrnoException
  if (name === 'AbortError') return `no answer within ${timeoutMs / 1000} s`
  return code === 'ECONNREFUSED' ? 'nobody listens there' : (code ?? message)
}

function numberIn(flag: string, text: string, most: number): number {
  const number = /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0
  if (number > 0 && number <= most) return number
  throw usageError('probe', `${flag} takes a number up to ${most}, not "${text}"`)
}
