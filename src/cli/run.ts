import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { ParseArgsConfig } from 'node:util'
import { type Supervision, supervise } from '../app.ts'
import { messageOf, SupervisorError } from '../lib/errors.ts'
import { planOneCommand } from '../plan/one-command.ts'
import type { Plan } from '../plan/plan.ts'
import { refuseRoot } from '../plan/root.ts'
import { readConfiguration, situation } from './configuration.ts'
import { parseOneCommand } from './one-command.ts'
import { parseWords, usageError } from './usage.ts'

const runUsage = `Usage: ringmaster run [OPTION]... [CONFIG]...
       ringmaster run [OPTION]... -- COMMAND [ARG]...

Supervises the processes of a configuration, or one command, in the foreground, until it is told to stop: as PID 1 of a
container or at any other pid. Without CONFIG: $RINGMASTER_CONFIG, ./ringmaster.yaml, ./config/ringmaster.yaml,
/etc/ringmaster/ringmaster.yaml. Of several files the later ones win.

      --parent PID           end when process PID, which has started it, is gone
      --env-file FILE        add the variables of FILE to the environment; repeatable
  -v, --verbose              the log tells all, whatever its level in the configuration is
  -h, --help                 print this

With COMMAND:

      --user USER[:GROUP]    run it as this user, by name or number; a supervisor that is root wants it written
      --restart POLICY       OnFailure, Always or Never after a failure; OnFailure if not given, Never with -i
      --port PORT            port for probes and metrics, 9099 if not given; 0: any free one; off: none
      --ready-http TARGET    it is ready when this answers: [http[s]://][HOST]:PORT[/PATH], on this machine without HOST
      --live-http TARGET     it is restarted when this has failed to answer three times in a row
  -i, --interactive          leave it our stdin, stdout and stderr
`

const flags = {
  'env-file': { type: 'string', multiple: true },
  parent: { type: 'string' },
  user: { type: 'string' },
  restart: { type: 'string' },
  port: { type: 'string' },
  'ready-http': { type: 'string' },
  'live-http': { type: 'string' },
  interactive: { type: 'boolean', short: 'i' },
  verbose: { type: 'boolean', short: 'v' },
  help: { type: 'boolean', short: 'h' },
  // Known, and of a later day.
  profile: { type: 'string' },
  set: { type: 'string', multiple: true },
  watch: { type: 'boolean' },
} as const satisfies ParseArgsConfig['options']

const notYet = ['profile', 'set', 'watch'] as const
const forOneCommand = [
  ...(['user', 'restart', 'port', 'interactive'] as const),
  ...(['ready-http', 'live-http'] as const),
]

type Flags = ReturnType<typeof parseWords<typeof flags>>['values']

/** What is known of this start before its command line is looked at. */
interface Beginning {
  readonly version: string
  /** Signals that have come, and come until the supervision takes them. */
  readonly heldSignals: readonly number[]
}

/** Carries out `ringmaster run ARGS`; returns the text to print instead when help was asked for. */
export async function runCommand(
  args: readonly string[],
  beginning: Beginning,
): Promise<string | undefined> {
  const end = args.indexOf('--')
  const { values, positionals } = parseWords('run', end < 0 ? args : args.slice(0, end), flags)
  if (values.help) return runUsage
  const early = notYet.find((flag) => values[flag] !== undefined)
  if (early !== undefined) throw usageError('run', `--${early} is not yet supported`)
  if (end < 0) {
    await runFiles(positionals, values, beginning)
  } else {
    if (positionals[0] !== undefined) {
      throw usageError(
        'run',
        `"${positionals[0]}" and a command: it is either files or one command`,
      )
    }
    await runOne(args.slice(end + 1), values, beginning)
  }
  return undefined
}

async function runFiles(
  named: readonly string[],
  values: Flags,
  beginning: Beginning,
): Promise<void> {
  const stray = forOneCommand.find((flag) => values[flag] !== undefined)
  if (stray !== undefined) throw usageError('run', `--${stray} is for one command, behind "--"`)
  for (const name of named) refuseCommand(name)
  const { plan, read, show } = await readConfiguration('run', named, values['env-file'])
  refuseUnaskedRoot(plan)
  await supervise(asVerbose(plan, values), {
    ...beginning,
    parent: parseParent(values.parent),
    notes: [],
    config: { show, read: (files) => readPlan(async () => asVerbose(await read(files), values)) },
  })
}

/** Never rejects. */
async function readPlan(read: () => Promise<Plan>): ReturnType<Supervision['config']['read']> {
  try {
    const plan = await read()
    refuseUnaskedRoot(plan)
    return { problem: null, plan }
  } catch (error) {
    return { problem: messageOf(error) }
  }
}

function refuseUnaskedRoot(plan: Plan): void {
  const refusals = refuseRoot(plan, startUid)
  if (refusals.length > 0) throw new SupervisorError('START_REFUSED', refusals.join('\n'))
}

/** Ringmaster may have given root up since. */
const startUid = process.geteuid?.() ?? 0

async function runOne(
  command: readonly string[],
  values: Flags,
  beginning: Beginning,
): Promise<void> {
  const request = parseOneCommand(command, values)
  const plan = planOneCommand(request, situation('run', values['env-file']))
  if (request.user === undefined && process.geteuid?.() === 0) {
    throw new SupervisorError(
      'START_REFUSED',
      `cannot start ${request.command[0]} as root unasked. Write one of these two before "--":\n  --user 65534\n  --user 0`,
    )
  }
  await supervise(asVerbose(plan, values), {
    ...beginning,
    parent: parseParent(values.parent),
    notes: [],
    config: {
      show: () => null,
      read: async (files) =>
        files === null
          ? { problem: null, plan: asVerbose(plan, values) }
          : { problem: 'Ringmaster was started with a command, and reads no files' },
    },
  })
}

function asVerbose(plan: Plan, { verbose }: Flags): Plan {
  return verbose ? { ...plan, logs: { ...plan.logs, level: 'debug' } } : plan
}

function parseParent(text: string | undefined): number | null {
  if (text === undefined) return null
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw usageError('run', `--parent takes the pid of a process, not "${text}"`)
}

/** A command where a file should be: `ringmaster run bash`. */
function refuseCommand(name: string): void {
  if (existsSync(name) || name.includes('/')) return
  const folders = (process.env['PATH'] ?? '').split(':')
  if (!folders.some((folder) => isExecutable(join(folder, name)))) return
  throw usageError('run', `"${name}" is no file; to run a command: ringmaster run -- ${name}`)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    // Whatever it is, it is no command.
    return false
  }
}
