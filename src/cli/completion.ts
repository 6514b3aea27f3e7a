import { isSupervisorError } from '../lib/errors.ts'
import { suggest } from '../lib/names.ts'
import { parseClientArgs } from './connect.ts'
import { usageError } from './usage.ts'

const completionUsage = `Usage: ringmaster completion bash|zsh|fish

Prints what has the shell complete commands, and the names that each takes:

  bash    source <(ringmaster completion bash)
  zsh     source <(ringmaster completion zsh)
  fish    ringmaster completion fish | source

  -h, --help             print this
`

/** Words that may follow `ringmaster`. */
const commands = [
  ...['run', 'exec', 'check', 'render', 'probe', 'schema', 'version', 'completion', 'status'],
  ...['top', 'describe', 'why', 'events', 'logs', 'start', 'stop', 'restart', 'reload', 'scale'],
  ...['signal', 'wait'],
  ...['shell', 'apply', 'rollout', 'drain', 'maintenance', 'shutdown'],
]

/** The command that was most likely meant: the one that begins so, or the nearest. */
export function suggestCommand(word: string): string | undefined {
  const [begun, ...others] = commands.filter((one) => word !== '' && one.startsWith(word))
  return others.length === 0 && begun !== undefined ? begun : suggest(word, commands)
}

/** Those that take names, by what these may be: processes; instances, too; groups, too. */
const named = {
  processes: 'describe|scale|rollout',
  instances: 'shell',
  names: 'status|top|why|events|logs|start|stop|restart|reload|signal|wait',
} as const

/** What some take before a name. */
const first: Readonly<Record<string, string>> = {
  rollout: 'status history undo restart pause resume',
  signal: 'TERM HUP INT QUIT USR1 USR2 WINCH STOP CONT KILL',
}

type Kind = keyof typeof named
const kinds = Object.keys(named) as readonly Kind[]

const bash = `_ringmaster() {
  local word=\${COMP_WORDS[COMP_CWORD]}
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W '${commands.join(' ')}' -- "$word"))
    return
  fi
  if [ "$COMP_CWORD" -eq 2 ]; then
    case \${COMP_WORDS[1]} in
${Object.entries(first)
  .map(
    ([command, words]) =>
      `      ${command}) COMPREPLY=($(compgen -W '${words}' -- "$word")); return ;;`,
  )
  .join('\n')}
    esac
  fi
  case \${COMP_WORDS[1]} in
${kinds.map((kind) => `    ${named[kind]}) COMPREPLY=($(compgen -W "$(ringmaster completion ${kind} 2>/dev/null)" -- "$word")) ;;`).join('\n')}
    maintenance) COMPREPLY=($(compgen -W 'on off' -- "$word")) ;;
    probe) COMPREPLY=($(compgen -W 'livez readyz startupz' -- "$word")) ;;
    completion) COMPREPLY=($(compgen -W 'bash zsh fish' -- "$word")) ;;
    *) COMPREPLY=($(compgen -f -- "$word")) ;;
  esac
}
complete -F _ringmaster ringmaster
`

const scripts: Readonly<Record<string, string>> = {
  bash,
  zsh: `autoload -U +X bashcompinit && bashcompinit\n${bash}`,
  fish: `complete -c ringmaster -f
complete -c ringmaster -n __fish_use_subcommand -a '${commands.join(' ')}'
${kinds.map((kind) => `complete -c ringmaster -n '__fish_seen_subcommand_from ${named[kind].replaceAll('|', ' ')}' -a '(ringmaster completion ${kind} 2>/dev/null)'`).join('\n')}
${Object.entries(first)
  .map(
    ([command, words]) =>
      `complete -c ringmaster -n '__fish_seen_subcommand_from ${command}; and not __fish_seen_subcommand_from ${words}' -a '${words}'`,
  )
  .join('\n')}
complete -c ringmaster -n '__fish_seen_subcommand_from maintenance' -a 'on off'
complete -c ringmaster -n '__fish_seen_subcommand_from probe' -a 'livez readyz startupz'
complete -c ringmaster -n '__fish_seen_subcommand_from completion' -a 'bash zsh fish'
complete -c ringmaster -n '__fish_seen_subcommand_from run check render' -F
`,
}

/** Carries out `ringmaster completion ARGS`; returns what it prints. */
export async function completionCommand(args: readonly string[]): Promise<string> {
  const { values, names, connect } = parseClientArgs('completion', args, {})
  if (values.help) return completionUsage
  const [shell = '', more] = names
  if (more !== undefined) throw usageError('completion', `"${more}" is one too many`)
  // For the scripts alone.
  const kind = kinds.find((one) => one === shell)
  if (kind !== undefined) return namesNow(kind, connect)
  const script = scripts[shell]
  if (script === undefined) throw usageError('completion', 'a shell is needed: bash, zsh or fish')
  return script
}

/** One a line; none where nobody can be asked. */
async function namesNow(
  kind: Kind,
  connect: ReturnType<typeof parseClientArgs>['connect'],
): Promise<string> {
  try {
    const processes = await connect().status()
    const instances = processes.flatMap((process) => process.instances)
    const groups = new Set(processes.flatMap((process) => process.groups))
    const all = [
      ...processes,
      ...(kind === 'processes' ? [] : instances),
      ...(kind === 'names' ? [...groups, 'all'].map((name) => ({ name })) : []),
    ]
    return all.map(({ name }) => `${name}\n`).join('')
  } catch (error) {
    if (isSupervisorError(error)) return ''
    throw error
  }
}
