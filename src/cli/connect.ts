import { readFileSync } from 'node:fs'
import type { ParseArgsConfig } from 'node:util'
import { type ClientOptions, RingmasterClient, socketsToTry } from '../client/client.ts'
import { type Format, parseFormat } from './print.ts'
import { parseWords, usageError } from './usage.ts'

/** What every command that speaks to a running Ringmaster takes. */
const clientFlags = {
  socket: { type: 'string' },
  url: { type: 'string' },
  'token-file': { type: 'string' },
  'ca-file': { type: 'string' },
  'cert-file': { type: 'string' },
  'key-file': { type: 'string' },
  output: { type: 'string', short: 'o' },
  help: { type: 'boolean', short: 'h' },
} as const satisfies ParseArgsConfig['options']

export const clientUsage = `      --socket PATH          the control socket; if not given, $RINGMASTER_CONTROL, or where "ringmaster run" makes it
      --url URL              the same over TCP: https://HOST:PORT; if not given, $RINGMASTER_URL
      --token-file FILE      the token for it; $RINGMASTER_TOKEN_FILE. Also --ca-file, --cert-file, --key-file
  -o, --output FORMAT        table, json or yaml
  -h, --help                 print this
`

/** As many as Ringmaster looks for at once. */
const mostNames = 1000

/** The words of such a command. Throws `USAGE`. */
export function parseClientArgs<const Flags extends NonNullable<ParseArgsConfig['options']>>(
  command: string,
  args: readonly string[],
  flags: Flags,
) {
  const { values, positionals } = parseWords(command, args, { ...clientFlags, ...flags })
  if (positionals.length > mostNames) {
    throw usageError(
      command,
      `${positionals.length} names are too many, ${mostNames} are taken: name groups, globs, or all`,
    )
  }
  const given = values as Given
  const connect = () => new RingmasterClient(whereabouts(command, given, process.env))
  /** Where it is looked for on this machine; undefined: it is asked over TCP. */
  const sockets = () => {
    const where = whereabouts(command, given, process.env)
    return 'url' in where ? undefined : socketsToTry(where.socket)
  }
  const format: Format = parseFormat(command, given.output)
  return { values, names: positionals, connect, sockets, format }
}

type Given = Readonly<Partial<Record<Exclude<keyof typeof clientFlags, 'help'>, string>>>

/** Where Ringmaster is: what the command line says, else what the environment does. Throws `USAGE`. */
function whereabouts(command: string, given: Given, env: NodeJS.ProcessEnv): ClientOptions {
  const { socket, url = socket === undefined ? env['RINGMASTER_URL'] : undefined } = given
  if (url === undefined || url === '') return { socket }
  if (socket !== undefined) throw usageError(command, 'it is either --socket or --url')
  const token = readNamed('token-file')
  if (token === undefined) {
    throw usageError(command, 'a URL takes --token-file FILE, or $RINGMASTER_TOKEN_FILE')
  }
  return {
    ...{ url, token: token.trim() },
    ca: readNamed('ca-file'),
    cert: readNamed('cert-file'),
    key: readNamed('key-file'),
  }

  function readNamed(
    flag: 'token-file' | 'ca-file' | 'cert-file' | 'key-file',
  ): string | undefined {
    const path = given[flag] ?? env[`RINGMASTER_${flag.toUpperCase().replace('-', '_')}`]
    if (path === undefined || path === '') return undefined
    try {
      return readFileSync(path, 'utf8')
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      throw usageError(command, `cannot read --${flag} ${path}: ${code}`)
    }
  }
}
