import type { HttpTarget, OneCommand } from '../plan/one-command.ts'
import type { RestartPolicy } from '../plan/process-spec.ts'
import { usageError } from './usage.ts'

/** Flags of `run` that are about its one command. */
export interface OneCommandFlags {
  readonly user?: string | undefined
  readonly restart?: string | undefined
  readonly port?: string | undefined
  readonly interactive?: boolean | undefined
  readonly 'ready-http'?: string | undefined
  readonly 'live-http'?: string | undefined
}

/** What `run` shall do with the words behind `--`. Throws `USAGE`. */
export function parseOneCommand(
  [executable, ...words]: readonly string[],
  flags: OneCommandFlags,
): OneCommand {
  const { user, port, interactive = false } = flags
  const { restart = interactive ? 'Never' : 'OnFailure' } = flags
  const { 'ready-http': ready, 'live-http': live } = flags
  if (executable === undefined) throw usageError('run', 'no command behind "--"')
  return {
    command: [executable, ...words],
    ...(user !== undefined && parseUser(user)),
    restartPolicy: parsePolicy(restart),
    isInteractive: interactive,
    ...(port !== undefined && { http: parsePort(port) }),
    ...(ready !== undefined && { readiness: parseTarget('ready-http', ready) }),
    ...(live !== undefined && { liveness: parseTarget('live-http', live) }),
  }
}

function parseUser(text: string): { readonly user: string; readonly group?: string } {
  const [user = '', group, ...more] = text.split(':')
  if (user === '' || group === '' || more.length > 0) {
    throw usageError('run', `--user takes USER or USER:GROUP, not "${text}"`)
  }
  return { user, ...(group !== undefined && { group }) }
}

function parsePolicy(text: string): RestartPolicy {
  if (text === 'OnFailure' || text === 'Always' || text === 'Never') return text
  throw usageError('run', `--restart takes OnFailure, Always or Never, not "${text}"`)
}

function parsePort(text: string): false | { readonly port: number } {
  if (text === 'off') return false
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 65_536
  if (port <= 65_535) return { port }
  throw usageError('run', `--port takes a port from 0 to 65535, or off, not "${text}"`)
}

function parseTarget(flag: string, text: string): HttpTarget {
  const [, scheme = 'http', host = '', port = '', path = '/'] = targetPattern.exec(text) ?? []
  if (Number(port) < 1 || Number(port) > 65_535) {
    throw usageError('run', `--${flag} takes [http[s]://][HOST]:PORT[/PATH], not "${text}"`)
  }
  return {
    ...{ port: Number(port), path, scheme: scheme.toLowerCase() === 'https' ? 'HTTPS' : 'HTTP' },
    host: host === '' ? null : host.replace(/^\[|\]$/g, ''),
  }
}

const targetPattern = /^(?:(https?):\/\/)?([\w.-]*|\[[\da-f:.]+\]):(\d{1,5})(\/[!-~]*)?$/i
