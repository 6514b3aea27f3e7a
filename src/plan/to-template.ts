import { defaults } from '../config/defaults.ts'
import type { ProcessConfig } from '../config/schema.ts'
import type {
  FileTarget,
  InstanceSpec,
  InstanceTemplate,
  LogFormat,
  LogsSpec,
  ResourcesSpec,
  SecuritySpec,
} from './instance-spec.ts'
import { toChecks, toMs, toNotify, toProbes } from './probes.ts'
import { inReferenceOrder } from './references.ts'

/** What an instance has of what is around its process. */
export interface Surroundings {
  /** Of the output, where the process names no other. */
  readonly format: LogFormat
  /** Weaker than what the process has. Templates. */
  readonly env: Readonly<Record<string, string>>
  /** The same, of the siblings: stronger than `env`. */
  readonly services: Readonly<Record<string, string>>
}

/** What a process has of Ringmaster's environment when it does not want all of it. */
const leastInherited = ['PATH', 'LANG', 'LC_*', 'TZ', 'TERM']

/** What the instances of a process are made of. Pure. */
export function toTemplate(
  process: string,
  config: ProcessConfig,
  { env, services, format }: Surroundings,
): InstanceTemplate {
  const { args = [], workingDir = null, ports = [], sockets = [] } = config
  const [executable, ...words] = config.command
  const around = { ...env, ...services }
  return {
    process,
    command: [executable, ...words, ...args],
    inheritEnv: toInherited(config.inheritEnv ?? defaults.process.inheritEnv),
    env: config.env === undefined ? around : inReferenceOrder({ ...around, ...config.env }),
    services: Object.keys(services).filter((name) => !Object.hasOwn(config.env ?? {}, name)),
    workingDir,
    sockets,
    stdin: 'null',
    ports: ports.map(({ name = null, containerPort }) => ({ name, port: String(containerPort) })),
    logs: toLogs(config.logs, format),
    notify: toNotify(toProbes(config)),
    ...toChecks(config),
    security: toSecurity(config.securityContext),
    resources: toResources(config.resources),
  }
}

function toInherited(inherit: boolean | readonly string[]): InstanceSpec['inheritEnv'] {
  if (inherit === true) return true
  return inherit === false ? leastInherited : [...leastInherited, ...inherit]
}

function toLogs(logs: ProcessConfig['logs'], format: LogFormat): LogsSpec {
  const filled = { format, ...defaults.process.logs, ...logs }
  const toTarget = <T extends string>(target: T | LogFile): T | FileTarget =>
    typeof target === 'string' ? target : toFile(target, logs?.format)
  return { ...filled, stdout: toTarget(filled.stdout), stderr: toTarget(filled.stderr) }
}

type LogFile = Extract<NonNullable<ProcessConfig['logs']>['stdout'], object>

function toFile(written: LogFile, format: LogFormat | undefined): FileTarget {
  const { maxAgeSeconds, ...rest } = { ...defaults.process.logFile, ...written }
  return { ...rest, ...(format !== undefined && { format }), maxAgeMs: toMs(maxAgeSeconds) }
}

function toSecurity(context: ProcessConfig['securityContext']): SecuritySpec {
  const filled = { ...defaults.process.securityContext, ...context }
  const { add = [], drop = [] } = context?.capabilities ?? {}
  return {
    user: filled.runAsUser ?? null,
    group: filled.runAsGroup ?? null,
    supplementalGroups: filled.supplementalGroups ?? [],
    isNonRoot: filled.runAsNonRoot,
    allowsPrivilegeEscalation: filled.allowPrivilegeEscalation,
    capabilities: add.length + drop.length === 0 ? null : { add, drop },
  }
}

function toResources(resources: ProcessConfig['resources'] = {}): ResourcesSpec {
  return {
    rlimits: resources.rlimits ?? {},
    nice: resources.nice ?? null,
    umask: resources.umask ?? null,
    ioClass: resources.ioClass ?? null,
    // The text of a list is its numbers with commas between.
    cpuAffinity: resources.cpuAffinity?.toString() ?? null,
    oomScoreAdj: resources.oomScoreAdj ?? null,
  }
}
