import { type ParseArgsConfig, parseArgs } from 'node:util'
import { runInit } from '../exec/init.ts'
import type { ExecOptions } from '../exec/options.ts'
import { parseSignal } from '../lib/signals.ts'
import { readEnvFiles } from './env-files.ts'
import { parseWords, usageError } from './usage.ts'

const execUsage = `Usage: ringmaster exec [OPTION]... [--] COMMAND [ARG]...

Runs one command as an init: forwards signals to it, reaps orphans, leaves with its exit code.

  -c, --single-child       signals go to the command alone, not to its process group
  -g, --group              signals go to the process group (the default)
  -r, --rewrite FROM:TO    send TO in place of signal FROM; TO 0 drops it; repeatable
  -e, --success CODE       leave with 0 when the code would be CODE; repeatable
  -p, --parent-death SIG   get SIG, and forward it, when the parent of Ringmaster dies
  -s, --subreaper          accepted: when not PID 1, orphans come here in any case
  -w, --warn-on-reap       say when an orphan is reaped
  -v, --verbose            say what happens; twice: also each signal
      --env-file FILE      add the variables of FILE to the environment; repeatable
  -h, --help               print this

TINI_VERBOSITY, TINI_SUBREAPER, TINI_KILL_PROCESS_GROUP, DUMB_INIT_DEBUG and DUMB_INIT_SETSID are honoured.
`

const flags = {
  'single-child': { type: 'boolean', short: 'c' },
  group: { type: 'boolean', short: 'g' },
  rewrite: { type: 'string', short: 'r', multiple: true },
  success: { type: 'string', short: 'e', multiple: true },
  'parent-death': { type: 'string', short: 'p' },
  subreaper: { type: 'boolean', short: 's' },
  'warn-on-reap': { type: 'boolean', short: 'w' },
  verbose: { type: 'boolean', short: 'v', multiple: true },
  'env-file': { type: 'string', multiple: true },
  help: { type: 'boolean', short: 'h' },
} as const satisfies ParseArgsConfig['options']

/** Carries out `ringmaster exec ARGS`; returns the text to print instead when help was asked for. `entry`: what the entry has told. */
export function execCommand(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  entry: Parameters<typeof runInit>[1],
): string | undefined {
  const options = parseExecArgs(args, env)
  if (options === 'help') return execUsage
  runInit(options, entry)
}

/** The options that `args` and the variables of tini and dumb-init in `env` ask for. Throws `USAGE`. */
function parseExecArgs(args: readonly string[], env: NodeJS.ProcessEnv): ExecOptions | 'help' {
  const { head, command } = splitAtCommand(args)
  const { values } = parseWords('exec', head, flags)
  if (values.help) return 'help'
  const [program, ...rest] = command
  if (program === undefined) throw usageError('exec', 'no command to run')
  if (values['single-child'] && values.group)
    throw usageError('exec', '-c and -g exclude each other')
  const isGroupSaid = values.group || isSet(env['TINI_KILL_PROCESS_GROUP'])
  return {
    command: [program, ...rest],
    env: { ...env, ...readEnvFiles('exec', values['env-file'] ?? []) },
    isSingleChild: values['single-child'] ?? (env['DUMB_INIT_SETSID'] === '0' && !isGroupSaid),
    rewrites: new Map((values.rewrite ?? []).map(parseRewrite)),
    successCodes: new Set((values.success ?? []).map(parseCode)),
    parentDeathSignal:
      values['parent-death'] === undefined ? null : signalOf(values['parent-death'], '-p'),
    warnsOnReap: values['warn-on-reap'] ?? false,
    verbosity: values.verbose?.length ?? verbosityOf(env),
  }
}

/** Options end at the first word that is none, or behind `--`: the rest is the command's own. */
function splitAtCommand(args: readonly string[]): { head: string[]; command: string[] } {
  const { tokens } = parseArgs({
    args: [...args],
    options: flags,
    strict: false,
    allowPositionals: true,
    tokens: true,
  })
  const end = tokens.find((token) => token.kind !== 'option')
  if (end === undefined) return { head: [...args], command: [] }
  const skipped = end.kind === 'option-terminator' ? 1 : 0
  return { head: args.slice(0, end.index), command: args.slice(end.index + skipped) }
}

function parseRewrite(text: string): [from: number, to: number] {
  const [from, to, ...more] = text.split(':')
  if (!from || !to || more.length > 0) throw usageError('exec', `-r takes FROM:TO, not "${text}"`)
  const source = signalOf(from, '-r')
  if (source === 9 || source === 17 || source === 19) {
    throw usageError('exec', `-r cannot rewrite ${from}: KILL, STOP and CHLD are never forwarded`)
  }
  return [source, to === '0' ? 0 : signalOf(to, '-r')]
}

function parseCode(text: string): number {
  const code = /^\d{1,3}$/.test(text) ? Number(text) : 256
  if (code > 255) throw usageError('exec', `-e takes an exit code from 0 to 255, not "${text}"`)
  return code
}

function signalOf(text: string, flag: string): number {
  const signal = parseSignal(text)
  if (signal === undefined) {
    throw usageError(
      'exec',
      `${flag}: no signal "${text}"; names (TERM, SIGTERM, RTMIN+1) and numbers from 1 to 64 will do`,
    )
  }
  return signal
}

/** tini counts from 1 (warnings), its default. */
function verbosityOf(env: NodeJS.ProcessEnv): number {
  if (isSet(env['DUMB_INIT_DEBUG'])) return 2
  const level = Number(env['TINI_VERBOSITY'] ?? 1)
  return Number.isInteger(level) ? Math.max(0, level - 1) : 0
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value !== '0'
}
