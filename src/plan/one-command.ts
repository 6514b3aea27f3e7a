import type { Config } from '../config/schema.ts'
import type { Plan } from './plan.ts'
import type { ProcessSpec, RestartPolicy } from './process-spec.ts'
import { type Situation, toPlan } from './to-plan.ts'

/** What `run -- COMMAND` asks for. */
export interface OneCommand {
  readonly command: readonly [string, ...string[]]
  readonly user?: string | number
  readonly group?: string | number
  readonly restartPolicy: RestartPolicy
  /** It has our stdin, stdout and stderr themselves. */
  readonly isInteractive: boolean
  /** The probe endpoint. */
  readonly http?: false | { readonly port: number }
  /** Asked whether it is ready, and whether it lives. */
  readonly readiness?: HttpTarget
  readonly liveness?: HttpTarget
}

export interface HttpTarget {
  /** null: this machine. */
  readonly host: string | null
  readonly port: number
  /** Begins with a slash. */
  readonly path: string
  readonly scheme: 'HTTP' | 'HTTPS'
}

/** A plan of one process, named after its command, whose end is that of Ringmaster; its output is as it came, and HUP is forwarded. Pure. */
export function planOneCommand(request: OneCommand, situation: Situation): Plan {
  const { command, user, group, restartPolicy, isInteractive, http } = request
  const { readiness, liveness } = request
  const [executable, ...words] = command
  const target = isInteractive ? 'inherit' : 'capture'
  const config: Config = {
    ...(http !== undefined && { http }),
    logs: { format: 'raw' },
    signals: { SIGHUP: 'forward' },
    processes: {
      [nameOf(executable)]: {
        command: [literal(executable), ...words.map(literal)],
        restartPolicy,
        shutdownOnExit: true,
        securityContext: {
          ...(user !== undefined && { runAsUser: user }),
          ...(group !== undefined && { runAsGroup: group }),
        },
        logs: { stdout: target, stderr: target },
        ...(readiness && { readinessProbe: { httpGet: toHttpGet(readiness) } }),
        ...(liveness && { livenessProbe: { httpGet: toHttpGet(liveness) } }),
      },
    },
  }
  const plan = toPlan(config, situation)
  return { ...plan, processes: plan.processes.map(asOnly) }

  function asOnly(process: ProcessSpec): ProcessSpec {
    const stdin = isInteractive ? 'inherit' : 'null'
    return { ...process, isFirstStartFinal: true, template: { ...process.template, stdin } }
  }
}

function toHttpGet({ host, path, ...rest }: HttpTarget) {
  return { ...rest, path: literal(path), ...(host !== null && { host }) }
}

/** A word of a command line, which no variable stands in. */
function literal(word: string): string {
  return word.replaceAll('$', '$$$$')
}

/** The file's name as far as it can name a process. */
function nameOf(executable: string): string {
  const file = executable.slice(executable.lastIndexOf('/') + 1)
  const name = file
    .replace(/[^A-Za-z0-9_-]/g, '-')
    .slice(0, 63)
    .replace(/^[-_]+|[-_]+$/g, '')
  return name === '' || name === 'all' ? 'command' : name
}
