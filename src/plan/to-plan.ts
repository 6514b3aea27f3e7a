import { defaults } from '../config/defaults.ts'
import type { Config, ProcessConfig } from '../config/schema.ts'
import type { BackoffPolicy, InstanceSpec, Plan, ProcessSpec } from './plan.ts'

/** What a checked config says, with every default filled in and the variables of each instance put in. Pure. */
export function toPlan(config: Config): Plan {
  return {
    http: config.http === false ? null : { ...defaults.http, ...config.http },
    logs: { ...defaults.logs, ...config.logs },
    processes: Object.entries(config.processes).map(([name, process]) => toProcess(name, process)),
  }
}

function toProcess(name: string, process: ProcessConfig): ProcessSpec {
  const filled = { ...defaults.process, ...process }
  return {
    name,
    restartPolicy: filled.restartPolicy,
    backoff: toBackoff({ ...defaults.process.backoff, ...process.backoff }),
    stopSignal: filled.stopSignal,
    graceMs: toMs(filled.terminationGracePeriodSeconds),
    instances: Array.from({ length: filled.replicas }, (_, index) =>
      toInstance(name, index + 1, process),
    ),
  }
}

function toInstance(process: string, number: number, config: ProcessConfig): InstanceSpec {
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
    env: Object.fromEntries(Object.entries(env).map(([key, value]) => [key, fill(value)])),
    workingDir: workingDir === undefined ? null : fill(workingDir),
    runAsUser: securityContext?.runAsUser ?? null,
    runAsGroup: securityContext?.runAsGroup ?? null,
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

/** The config has put in all other variables; what a value held is safe behind its doubled dollars. */
function fillTemplate(template: string, values: InstanceValues): string {
  return template.replace(
    /\$\$|\$\{(instance\.name|instance\.number|process\.name)\}/g,
    (_, name?: keyof InstanceValues) => (name === undefined ? '$' : values[name]),
  )
}
