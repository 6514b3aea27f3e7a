import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ErrorCode, isSupervisorError, SupervisorError } from '../lib/errors.ts'
import { ExitCode } from '../lib/exit-codes.ts'
import { loadBundle } from '../os/bundle.ts'
import { takeEntryReport } from '../os/entry.ts'
import { openTerminationLog } from '../os/termination-log.ts'
import { execCommand } from './exec.ts'
import { holdUsualSignals } from './held-signals.ts'
import { probeCommand } from './probe.ts'
import { writeOut } from './stdout.ts'

const usage = `Usage: ringmaster COMMAND [OPTION]...

  run [CONFIG]...      supervise the processes of a configuration
  run -- COMMAND ...   supervise one command
  exec -- COMMAND ...  be the init of one command
  check [CONFIG]...    validate a configuration and print what would run
  render [CONFIG]...   print a configuration as one file
  probe livez|readyz|startupz[/NAME]
                       ask a running Ringmaster how it is, for HEALTHCHECK

  status [NAME]...     show how processes are
  top [NAME]...        show what processes use, again each second
  describe NAME        show what a process is, and what happened to it
  why NAME...          tell the story of the last incident
  events [-f] [NAME]...
                       show what has happened
  logs [-f] [--tail N] [NAME]...
                       show what processes wrote
  start|stop|restart NAME...
                       have processes run, or not
  reload NAME...       have processes read their configuration again
  signal SIGNAL NAME...
                       send a signal to processes
  scale NAME=N...      have processes have so many instances
  apply [CONFIG]...    have what runs be as a configuration has it
  rollout status|history|undo|restart|pause|resume [NAME]
                       show and change how instances are replaced
  wait NAME... --for ready|started|stopped|succeeded
                       wait until processes are so
  shell NAME [-- COMMAND ...]
                       run a shell beside a process, as its user
  drain                be not ready, and wait for the time of the drain
  maintenance on|off   be not ready until it is off
  shutdown             end Ringmaster in order

  completion bash|zsh|fish
                       print what completes commands and names
  schema               print the JSON Schema of a configuration
  version              print the version

"ringmaster COMMAND --help" says more.
`

/** Commands of a later day. */
const notYet: readonly string[] = ['dev', 'import', 'manifest']

/** Each code's exit code: what was asked is wrong, what is installed is, or what is configured. */
const exitCodes: Record<ErrorCode, number> = {
  USAGE: ExitCode.usage,
  NATIVE_MISSING: ExitCode.internal,
  CONFIG_INVALID: ExitCode.refused,
  START_REFUSED: ExitCode.refused,
  UNREACHABLE: ExitCode.unreachable,
  REQUEST_FAILED: ExitCode.failed,
}

main(process.argv.slice(2)).then((text) => {
  if (text !== undefined && text !== '') writeOut(text)
}, explain)

/** Ends with what is wrong on stderr. */
function explain(error: unknown): void {
  const { text, code } = describe(error)
  if (process.argv[2] === 'run') openTerminationLog(process.env)(text)
  process.stderr.write(text)
  // What was opened for a start that is refused would keep us alive.
  process.exit(code)
}

function describe(error: unknown): { readonly text: string; readonly code: number } {
  if (!isSupervisorError(error)) {
    // An error with a code is about the machine or the installation; one without is a mistake in here.
    const { code, message, stack }: NodeJS.ErrnoException =
      error instanceof Error ? error : new Error(String(error))
    const reason = code === undefined ? stack : message
    return { text: `ringmaster: cannot start: ${reason}\n`, code: ExitCode.internal }
  }
  // Editors and CI find the place in a line that begins with FILE:LINE:COLUMN.
  const prefix = error.code === 'CONFIG_INVALID' ? '' : 'ringmaster: '
  return { text: `${prefix}${error.message}\n`, code: exitCodes[error.code] }
}

/** Carries out one command; returns what it has to print, if that is all there is to it. */
async function main([command, ...args]: readonly string[]): Promise<string | undefined> {
  // Before anybody looks at the environment.
  const entry = takeEntryReport(process.env)
  switch (command) {
    case 'exec':
      return execCommand(args, process.env, entry)
    case 'run': {
      // Before the large part is loaded and the configuration is read: a TERM may come meanwhile.
      const heldSignals = holdUsualSignals()
      return commands().runCommand(args, { version: version(), heldSignals })
    }
    case 'probe':
      return report(await probeCommand(args))
    case 'check':
      return report(await commands().checkCommand(args))
    case 'render':
      return commands().renderCommand(args)
    case 'schema':
      return commands().schemaCommand(args)
    case 'status':
      return client().statusCommand(args)
    case 'top':
      return client().topCommand(args)
    case 'describe':
      return client().describeCommand(args)
    case 'why':
      return client().whyCommand(args)
    case 'events':
      return client().eventsCommand(args)
    case 'logs':
      return client().logsCommand(args)
    case 'start':
    case 'stop':
    case 'restart':
      return client().orderCommand(command, args)
    case 'reload':
      return client().reloadCommand(args)
    case 'apply':
      return client().applyCommand(args)
    case 'rollout':
      return client().rolloutCommand(args)
    case 'shell':
      return client().shellCommand(args)
    case 'completion':
      return client().completionCommand(args)
    case 'scale':
      return client().scaleCommand(args)
    case 'signal':
      return client().signalCommand(args)
    case 'wait':
      return client().waitCommand(args)
    case 'drain':
      return client().drainCommand(args)
    case 'maintenance':
      return client().maintenanceCommand(args)
    case 'shutdown':
      return client().shutdownCommand(args)
    case 'version':
    case '--version':
    case '-V':
      return `ringmaster ${version()}\n`
    case 'help':
    case '--help':
    case '-h':
      return usage
  }
  throw new SupervisorError('USAGE', `${whyNone(command)} See "ringmaster --help"`)
}

function whyNone(command: string | undefined): string {
  if (command === undefined) return 'no command.'
  if (notYet.includes(command)) return `the command "${command}" is not yet supported.`
  const near = client().suggestCommand(command)
  return `no command "${command}"${near === undefined ? '.' : `; did you mean ${near}?`}`
}

/** What `exec` shall not load. */
function commands(): typeof import('./commands.ts') {
  return loadBundle('commands') as typeof import('./commands.ts')
}

/** What speaks to a running Ringmaster. */
function client(): typeof import('./client-commands.ts') {
  return loadBundle('client') as typeof import('./client-commands.ts')
}

function report({ text, exitCode }: { readonly text: string; readonly exitCode: number }): string {
  process.exitCode = exitCode
  return text
}

function version(): string {
  const manifest = readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}
