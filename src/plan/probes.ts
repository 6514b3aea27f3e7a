import { defaults } from '../config/defaults.ts'
import type { ProcessConfig } from '../config/schema.ts'
import type {
  Check,
  HookAction,
  HookName,
  InstanceSpec,
  OutputCheck,
  ProbeName,
  ProbeSpec,
  ProcessSpec,
} from './plan.ts'
import { portsOf } from './ports.ts'

type ProbeConfig = NonNullable<ProcessConfig['startupProbe' | 'readinessProbe' | 'livenessProbe']>
type HttpGet = NonNullable<ProbeConfig['httpGet']>
type HookConfig = NonNullable<NonNullable<ProcessConfig['lifecycle']>['postStart' | 'preStop']>
type Checking = Pick<ProbeConfig, 'httpGet' | 'exec'> &
  Partial<Pick<ProbeConfig, 'tcpSocket' | 'grpc'>>

/** When the probes of a process are tried. Pure. */
export function toProbes(config: ProcessConfig): ProcessSpec['probes'] {
  return mapProbes(config, (probe): ProbeSpec => {
    const filled = { ...defaults.probe, ...probe }
    const grace = 'terminationGracePeriodSeconds' in probe && probe.terminationGracePeriodSeconds
    const tried: ProbeSpec = {
      by: probe.notify ? 'notify' : 'tries',
      initialDelayMs: toMs(filled.initialDelaySeconds),
      periodMs: Math.max(1, toMs(filled.periodSeconds)),
      timeoutMs: Math.max(1, toMs(filled.timeoutSeconds)),
      successThreshold: filled.successThreshold,
      failureThreshold: filled.failureThreshold,
      graceMs: typeof grace === 'number' ? toMs(grace) : null,
    }
    const check = toOutputCheck(probe)
    switch (check?.kind) {
      case 'logLine':
        // A try waits until the next one does.
        return { ...tried, by: 'logLine', timeoutMs: tried.periodMs, successThreshold: 1 }
      case 'logSilence':
        return { ...tried, periodMs: check.ms, failureThreshold: 1 }
      case undefined:
        return tried
    }
  })
}

/** Whether a process can speak by sd_notify(3), given its probes. Pure. */
export function toNotify(probes: ProcessSpec['probes']): InstanceSpec['notify'] {
  const { liveness } = probes
  if (!Object.values(probes).some(({ by }) => by === 'notify')) return null
  return { watchdogMs: liveness?.by === 'notify' ? silenceMs(liveness) : null }
}

/** In how much time a process whose probe is by `notify` has to speak. Pure. */
export function silenceMs({ periodMs, failureThreshold }: ProbeSpec): number {
  return periodMs * failureThreshold
}

/** What a probe looks for in the output; undefined where it looks elsewhere. */
function toOutputCheck(probe: ProbeConfig): OutputCheck | undefined {
  if ('logLine' in probe && probe.logLine !== undefined) {
    return { kind: 'logLine', pattern: probe.logLine }
  }
  if ('logSilenceSeconds' in probe && probe.logSilenceSeconds !== undefined) {
    return { kind: 'logSilence', ms: Math.max(1, toMs(probe.logSilenceSeconds)) }
  }
  return undefined
}

/** What the probes and the hooks of one instance, the `number`th, do; `fill` puts its variables into a template. Pure. */
export function toChecks(
  config: ProcessConfig,
  number: number,
  fill: (template: string) => string,
): Pick<InstanceSpec, 'checks' | 'hooks'> {
  // No other variables are put in later.
  const text = (template: string) => fill(template).replaceAll('$$', () => '$')
  const hostOf = ({ host }: { readonly host?: string }) => (host === undefined ? null : text(host))
  const portOf = ({ port }: { readonly port: number | string }) => {
    const named = portsOf(config, number).find(({ name }) => name === port)
    return named?.port ?? Number(fill(String(port)))
  }

  function toHttp(get: HttpGet): Check {
    const path = text(get.path ?? defaults.probe.path)
    return {
      kind: 'http',
      host: hostOf(get),
      port: portOf(get),
      path: path.startsWith('/') ? path : `/${path}`,
      scheme: get.scheme ?? defaults.probe.scheme,
      headers: (get.httpHeaders ?? []).map(({ name, value }) => ({ name, value: text(value) })),
    }
  }

  function toCheck({ httpGet, tcpSocket, exec, grpc }: Checking): Check {
    if (httpGet !== undefined) return toHttp(httpGet)
    if (tcpSocket !== undefined) {
      return { kind: 'tcp', host: hostOf(tcpSocket), port: portOf(tcpSocket) }
    }
    if (grpc !== undefined) {
      const { service = defaults.probe.service } = grpc
      return { kind: 'grpc', host: hostOf(grpc), port: portOf(grpc), service: text(service) }
    }
    if (exec !== undefined) {
      const [executable, ...words] = exec.command
      return { kind: 'exec', command: [fill(executable), ...words.map(fill)] }
    }
    throw new Error('nothing to be done')
  }

  const toAction = ({ sleep, ...rest }: HookConfig): HookAction =>
    sleep === undefined ? toCheck(rest) : { kind: 'sleep', ms: toMs(sleep.seconds) }
  const { postStart, preStop } = config.lifecycle ?? {}
  return {
    checks: mapProbes(config, (probe) =>
      probe.notify ? undefined : (toOutputCheck(probe) ?? toCheck(probe)),
    ),
    hooks: {
      ...(postStart && { postStart: toAction(postStart) }),
      ...(preStop && { preStop: toAction(preStop) }),
    },
  }
}

/** Those that a process has. Pure. */
export function toHooks({ lifecycle = {} }: ProcessConfig): readonly HookName[] {
  return (['postStart', 'preStop'] as const).filter((name) => lifecycle[name] !== undefined)
}

/** Whole ms. */
export function toMs(seconds: number): number {
  return Math.round(seconds * 1000)
}

/** Without those that `map` has nothing for. */
function mapProbes<T>(
  { startupProbe, readinessProbe, livenessProbe }: ProcessConfig,
  map: (probe: ProbeConfig) => T | undefined,
): Readonly<Partial<Record<ProbeName, T>>> {
  const startup = startupProbe && map(startupProbe)
  const readiness = readinessProbe && map(readinessProbe)
  const liveness = livenessProbe && map(livenessProbe)
  return {
    ...(startup !== undefined && { startup }),
    ...(readiness !== undefined && { readiness }),
    ...(liveness !== undefined && { liveness }),
  }
}
