import { defaults } from '../config/defaults.ts'
import type { ProcessConfig } from '../config/schema.ts'
import { fillInstanceVariables } from '../config/variables.ts'
import type {
  FileTarget,
  InstanceSpec,
  LogFormat,
  LogsSpec,
  ResourcesSpec,
  SecuritySpec,
} from './plan.ts'
import { portsOf } from './ports.ts'
import { toChecks, toMs, toNotify, toProbes } from './probes.ts'
import { inReferenceOrder } from './references.ts'
import { firstSocketFd } from './sockets.ts'

/** What an instance has of what is around its process. */
export interface Surroundings {
  /** Of the output, where the process names no other. */
  readonly format: LogFormat
  /** Weaker than what the process has. Templates. */
  readonly env: Readonly<Record<string, string>>
}

/** What a process has of Ringmaster's environment when it does not want all of it. */
const leastInherited = ['PATH', 'LANG', 'LC_*', 'TZ', 'TERM']

/** One instance of a process, by its number; its own variables are put in. Pure. */
export function toInstance(
  process: string,
  number: number,
  config: ProcessConfig,
  { env, format }: Surroundings,
): InstanceSpec {
  const name = `${process}.${number}`
  const values = new Map([
    ['instance.name', name],
    ['instance.number', String(number)],
    ['process.name', process],
  ])
  for (const { name, port } of portsOf(config, number)) values.set(`port.${name}`, String(port))
  const { args = [], workingDir, sockets = [] } = config
  for (const [index, name] of sockets.entries()) {
    values.set(`socket.${name}`, String(firstSocketFd + index))
  }
  // The check knows each name; what a value held is safe behind its doubled dollars, which stay.
  const fill = (template: string) =>
    fillInstanceVariables(template, (name) => values.get(name) ?? '')
  const [executable, ...words] = config.command
  return {
    name,
    process,
    number,
    command: [fill(executable), ...words.map(fill), ...args.map(fill)],
    inheritEnv: toInherited(config.inheritEnv ?? defaults.process.inheritEnv),
    env:
      config.env === undefined ? env : fillAll(inReferenceOrder({ ...env, ...config.env }), fill),
    workingDir: workingDir === undefined ? null : fill(workingDir),
    sockets,
    stdin: 'null',
    logs: toLogs(config.logs, format, fill),
    notify: toNotify(toProbes(config)),
    ...toChecks(config, number, fill),
    security: toSecurity(config.securityContext),
    resources: toResources(config.resources),
  }
}

function fillAll(env: Readonly<Record<string, string>>, fill: (template: string) => string) {
  return Object.fromEntries(Object.entries(env).map(([key, value]) => [key, fill(value)]))
}

function toInherited(inherit: boolean | readonly string[]): InstanceSpec['inheritEnv'] {
  if (inherit === true) return true
  return inherit === false ? leastInherited : [...leastInherited, ...inherit]
}

function toLogs(
  logs: ProcessConfig['logs'],
  format: LogFormat,
  fill: (template: string) => string,
): LogsSpec {
  const filled = { format, ...defaults.process.logs, ...logs }
  const toTarget = <T extends string>(target: T | LogFile): T | FileTarget =>
    typeof target === 'string' ? target : toFile(target, logs?.format, fill)
  return { ...filled, stdout: toTarget(filled.stdout), stderr: toTarget(filled.stderr) }
}

type LogFile = Extract<NonNullable<ProcessConfig['logs']>['stdout'], object>

function toFile(
  written: LogFile,
  format: LogFormat | undefined,
  fill: (template: string) => string,
): FileTarget {
  const { file, maxAgeSeconds, ...rest } = { ...defaults.process.logFile, ...written }
  return {
    ...rest,
    ...(format !== undefined && { format }),
    // A path refers to nothing else: each dollar that is left was doubled.
    file: fill(file).replaceAll('$$', () => '$'),
    maxAgeMs: toMs(maxAgeSeconds),
  }
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
