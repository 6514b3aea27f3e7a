import type { ControlHttpConfig } from '../config/control-schema.ts'
import { defaults, MAX_REPLICAS } from '../config/defaults.ts'
import type { Config, ProcessConfig } from '../config/schema.ts'
import { parseQuantity } from '../lib/quantities.ts'
import { serviceVariables } from './environment.ts'
import type { ControlHttpSpec, ControlSpec, GroupSpec, Plan, ShutdownSpec } from './plan.ts'
import { toHooks, toMs, toProbes } from './probes.ts'
import type {
  BackoffPolicy,
  Condition,
  Dependency,
  ProcessSpec,
  RestartLimit,
} from './process-spec.ts'
import { afterMs, beforeMs, graceOf, sweepMs } from './shutdown.ts'
import { toSignals } from './signals.ts'
import { toSockets } from './sockets.ts'
import { toStrategy } from './strategy.ts'
import { mostReplicas } from './to-instance.ts'
import { type Surroundings, toTemplate } from './to-template.ts'

/** What a plan depends on besides its config. */
export interface Situation {
  /** A pod gives more time to end than other containers have. */
  readonly isKubernetes: boolean
  /** The variables of `--env-file`. */
  readonly envFile: Readonly<Record<string, string>>
}

/** What a checked config says, with every default filled in and the variables of each instance put in. Pure. */
export function toPlan(config: Config, { isKubernetes, envFile }: Situation): Plan {
  const logs = { ...defaults.logs, ...config.logs }
  const surroundings = {
    format: logs.format,
    env: literally(envFile),
    services: serviceVariables(config.processes),
  }
  const processes = Object.entries(config.processes).map(([name, process]) =>
    toProcess(name, process, surroundings),
  )
  return {
    http: config.http === false ? null : { ...defaults.http, ...config.http },
    control: toControl(config.control),
    logs: {
      level: logs.level,
      hasTimestamps: logs.timestamps,
      stripsAnsi: logs.stripAnsi,
      maxLineBytes: logs.maxLineBytes,
      onOverflow: logs.onOverflow,
    },
    shutdown: toShutdown(config, processes, isKubernetes),
    signals: toSignals(config.signals),
    dropsSelf: config.dropSelf ?? defaults.dropSelf,
    stateDir: config.stateDir ?? null,
    sockets: toSockets(config.sockets),
    groups: Object.entries(config.groups ?? {}).map(([name, group]) => toGroup(name, group)),
    processes,
    origin: { files: [], texts: [] },
  }
}

function toControl(control: Config['control'] = {}): ControlSpec | null {
  if (control === false) return null
  const { socket = null, mode = defaults.control.mode, owner = null, access } = control
  const [user = null, group = null] = typeof owner === 'string' ? owner.split(':') : [owner]
  const { others, descendants = null } = { ...defaults.control.access, ...access }
  return {
    ...{ socket, mode, user, group, access: { others, descendants } },
    http: control.http === undefined ? null : toControlHttp(control.http),
  }
}

function toControlHttp({ tls, ...http }: ControlHttpConfig): ControlHttpSpec {
  return {
    ...{ ...defaults.control.http, ...http },
    tls: tls === undefined ? null : { clientCaFile: null, ...tls },
  }
}

function toProcess(name: string, process: ProcessConfig, surroundings: Surroundings): ProcessSpec {
  const filled = { ...defaults.process, ...process }
  const template = toTemplate(name, process, surroundings)
  return {
    name,
    autoStart: filled.autoStart,
    startDelayMs: toMs(filled.startDelaySeconds),
    isOnDemand: filled.onDemand,
    sockets: process.sockets ?? [],
    dependsOn: toDependencies(process.dependsOn),
    restartPolicy: filled.restartPolicy,
    successExitCodes: filled.successExitCodes,
    backoff: toBackoff({ ...defaults.process.backoff, ...process.backoff }),
    restartLimit: toRestartLimit(filled.restartLimit),
    isFirstStartFinal: false,
    isEssential: filled.essential,
    isShutdownOnExit: filled.shutdownOnExit,
    stopSignal: process.lifecycle?.stopSignal ?? filled.stopSignal,
    reloadSignal: process.reloadSignal ?? null,
    graceMs: toMs(filled.terminationGracePeriodSeconds),
    killMode: filled.killMode,
    maxAgeMs: filled.maxAgeSeconds === undefined ? null : toMs(filled.maxAgeSeconds),
    maxAgeJitterMs: toMs(filled.maxAgeJitterSeconds),
    memoryLimitBytes: toBytes(process.resources?.limits?.memory),
    probes: toProbes(process),
    hooks: toHooks(process),
    replicas: filled.replicas,
    mostReplicas: mostReplicas(template, MAX_REPLICAS),
    strategy: toStrategy(process),
    minReadyMs: toMs(filled.minReadySeconds),
    progressDeadlineMs: toMs(filled.progressDeadlineSeconds),
    template,
  }
}

function toGroup(name: string, group: NonNullable<Config['groups']>[string]): GroupSpec {
  const { strategy, essential, processes, restartLimit = null } = { ...defaults.group, ...group }
  const limit = toRestartLimit(restartLimit)
  return { name, processes, strategy, restartLimit: limit, isEssential: essential }
}

function toDependencies(written: ProcessConfig['dependsOn'] = {}): readonly Dependency[] {
  const conditions = isList(written)
    ? written.map((process): [string, Condition] => [process, 'ready'])
    : Object.entries(written)
  return conditions.map(([process, condition]) => ({ process, condition }))
}

function isList(value: object): value is readonly unknown[] {
  return Array.isArray(value)
}

/** When the whole time is not written: the usual one, or more where what is written does not fit in. */
function toShutdown(
  { shutdown, processes: written }: Config,
  processes: readonly ProcessSpec[],
  isKubernetes: boolean,
): ShutdownSpec {
  const { graceSecondsInKubernetes, graceSecondsElsewhere } = defaults.shutdown
  const drainMs = toMs(shutdown?.drainSeconds ?? defaults.shutdown.drainSeconds)
  const whole = shutdown?.terminationGracePeriodSeconds
  if (whole !== undefined) return { drainMs, graceMs: toMs(whole) }
  const usualMs = toMs(isKubernetes ? graceSecondsInKubernetes : graceSecondsElsewhere)
  const [before, after] = [beforeMs(processes), afterMs(processes)]
  const neededMs = processes
    .filter(({ name }) => written[name]?.terminationGracePeriodSeconds !== undefined)
    .map((spec) => (before.get(spec.name) ?? 0) + graceOf(spec) + (after.get(spec.name) ?? 0))
  return {
    drainMs,
    graceMs: Math.max(usualMs, drainMs + Math.max(sweepMs, ...neededMs) + reserveMs),
  }
}

/** To be gone before the runtime kills. */
const reserveMs = 1000

function toBytes(quantity: string | number | undefined): number | null {
  return typeof quantity === 'string' ? parseQuantity(quantity) : (quantity ?? null)
}

function toBackoff(backoff: Required<NonNullable<ProcessConfig['backoff']>>): BackoffPolicy {
  return {
    initialMs: toMs(backoff.initialSeconds),
    factor: backoff.factor,
    maxMs: toMs(backoff.maxSeconds),
    jitter: backoff.jitter,
    resetAfterMs: toMs(backoff.resetAfterSeconds),
  }
}

function toRestartLimit(
  limit: NonNullable<ProcessConfig['restartLimit']> | null,
): RestartLimit | null {
  if (limit === null) return null
  const { count, withinSeconds } = { ...defaults.process.restartLimit, ...limit }
  return { count, withinMs: toMs(withinSeconds) }
}

/** As templates, in which no dollar means anything. */
function literally(variables: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [name, value.replaceAll('$', '$$$$')]),
  )
}
