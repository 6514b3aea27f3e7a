import { defaults } from '../config/defaults.ts'
import type { Config, ProcessConfig } from '../config/schema.ts'
import type { BackoffPolicy, InstanceSpec, LogFormat, Plan, ProcessSpec } from './plan.ts'

/** What a checked config says, with every default filled in and the variables of each instance put in. Pure. */
export function toPlan(config: Config): Plan {
  return {
    http: config.http === false ? null : { ...defaults.http, ...config.http },
    logs: { level: 'info' },
    shutdown: { drainMs: 0, graceMs: 10_000 },
    signals: {},
    dropsSelf: true,
    processes: Object.entries(config.processes).map(([name, process]) =>
      toProcess(name, process, { ...defaults.logs, ...config.logs }.format),
    ),
  }
}

function toProcess(name: string, process: ProcessConfig, format: LogFormat): ProcessSpec {
  const filled = { ...defaults.process, ...process }
  return {
    name,
    autoStart: true,
    startDelayMs: 0,
    restartPolicy: filled.restartPolicy,
    backoff: toBackoff({ ...defaults.process.backoff, ...process.backoff }),
    successExitCodes: [0],
    restartLimit: null,
    isFirstStartFinal: false,
    isEssential: true,
    isShutdownOnExit: false,
    stopSignal: filled.stopSignal,
    graceMs: toMs(filled.terminationGracePeriodSeconds),
    killMode: 'staged',
    instances: Array.from({ length: filled.replicas }, (_, index) =>
      toInstance(name, index + 1, process, format),
    ),
  }
}

function toInstance(
  process: string,
  number: number,
  config: ProcessConfig,
  format: LogFormat,
): InstanceSpec {
  const name = `${process}.${number}`
  const values = {
    'instance.name': name,
    'instance.number': String(number),
    'process.name': process,
  }
  const fill = (template: string) => fillTemplate(template, values)
  const { args = [], env = {}, workingDir, securityContext } = config
  const [executable, ...words] = config.command
  return {
    name,
    process,
    number,
    command: [fill(executable), ...words.map(fill), ...args.map(fill)],
    inheritEnv: true,
    env: Object.fromEntries(Object.entries(env).map(([key, value]) => [key, fill(value)])),
    workingDir: workingDir === undefined ? null : fill(workingDir),
    stdin: 'null',
    logs: { format, stdout: 'capture', stderr: 'capture' },
    security: {
      user: securityContext?.runAsUser ?? null,
      group: securityContext?.runAsGroup ?? null,
      supplementalGroups: [],
      isNonRoot: false,
      allowsPrivilegeEscalation: false,
      capabilities: null,
    },
    resources: { rlimits: {}, nice: null, umask: null, oomScoreAdj: null },
  }
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

function toMs(seconds: number): number {
  return Math.round(seconds * 1000)
}

interface InstanceValues {
  readonly 'instance.name': string
  readonly 'instance.number': string
  readonly 'process.name': string
}

/** The config has put in all other variables; what a value held is safe behind its doubled dollars, which stay. */
function fillTemplate(template: string, values: InstanceValues): string {
  return template.replace(
    /\$\$|\$\{(instance\.name|instance\.number|process\.name)\}/g,
    (dollars, name?: keyof InstanceValues) => (name === undefined ? dollars : values[name]),
  )
}
