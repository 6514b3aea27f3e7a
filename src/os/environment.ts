import { matchesGlob } from '../lib/names.ts'
import type { InstanceSpec } from '../plan/instance-spec.ts'
import { fillReferences } from '../plan/references.ts'
import type { UserEnv } from './users.ts'

/** What Ringmaster was given for itself. */
const ownNames = [
  ...['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID', 'LISTEN_*'],
  ...['NODE_CHANNEL_FD', 'RINGMASTER_TERMINATION_LOG'],
]

/** What children may inherit of Ringmaster's environment. */
export function inheritable(own: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return pick(own, (name) => !ownNames.some((pattern) => matchesGlob(name, pattern)))
}

/**
 * The environment of a run, weak to strong: of `own`, what is {@link inheritable}, what the spec inherits; what its user is; its own variables
 * in order, each with references to what is before it; and what names the run, which they can refer to too.
 */
export function createEnvironment(
  spec: Pick<InstanceSpec, 'process' | 'number' | 'inheritEnv' | 'env'>,
  runId: string,
  user: UserEnv,
  own: NodeJS.ProcessEnv,
): NodeJS.ProcessEnv {
  const names = {
    RINGMASTER_PROCESS: spec.process,
    RINGMASTER_INSTANCE: String(spec.number),
    RINGMASTER_RUN: runId,
  }
  // Without a prototype __proto__ is a name like any other.
  const env: NodeJS.ProcessEnv = Object.create(null)
  Object.assign(env, inherited(own, spec.inheritEnv), user, names)
  for (const [name, template] of Object.entries(spec.env)) {
    env[name] = fillReferences(template, env)
  }
  return Object.assign(env, names)
}

function inherited(own: NodeJS.ProcessEnv, rule: InstanceSpec['inheritEnv']): NodeJS.ProcessEnv {
  return rule === true ? own : pick(own, (name) => rule.some((one) => matchesGlob(name, one)))
}

function pick(env: NodeJS.ProcessEnv, isMeant: (name: string) => boolean): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => isMeant(name)))
}
