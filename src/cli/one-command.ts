import type { OneCommand } from '../plan/one-command.ts'
import type { RestartPolicy } from '../plan/process-spec.ts'
import { usageError } from './usage.ts'

/** Flags of `run` that are about its one command. */
export interface OneCommandFlags {
  readonly user?: string | undefined
  readonly restart?: string | undefined
  readonly port?: string | undefined
  readonly interactive?: boolean | undefined
}

/** What `run` shall do with the words behind `--`. Throws `USAGE`. */
export function parseOneCommand(
  [executable, ...words]: readonly string[],
  {
    user,
    port,
    interactive = false,
    restart = interactive ? 'Never' : 'OnFailure',
  }: OneCommandFlags,
): OneCommand {
  if (executable === undefined) throw usageError('run', 'no command behind "--"')
  return {
    command: [executable, ...words],
    ...(user !== undefined && parseUser(user)),
    restartPolicy: parsePolicy(restart),
    isInteractive: interactive,
    ...(port !== undefined && { http: parsePort(port) }),
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
