import { defaults } from '../config/defaults.ts'
import type { ProcessConfig } from '../config/schema.ts'
import type {
  Check,
  HookAction,
  HookName,
  InstanceTemplate,
  OutputCheck,
  ProbeName,
} from './instance-spec.ts'
import type { ProbeSpec, ProcessSpec } from './process-spec.ts'

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
export function toNotify(probes: ProcessSpec['probes']): InstanceTemplate['notify'] {
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

/** What the probes and the hooks of each instance do. Pure. */
export function toChecks(config: ProcessConfig): Pick<InstanceTemplate, 'checks' | 'hooks'> {
  const portOf = ({ port }: { readonly port: number | string }) => {
    const named = config.ports?.find(({ name }) => name === port)
    return String(named?.containerPort ?? port)
  }

  function toHttp(get: HttpGet): Check<string> {
    return {
      kind: 'http',
      host: get.host ?? null,
      port: portOf(get),
      path: get.path ?? defaults.probe.path,
      scheme: get.scheme ?? defaults.probe.scheme,
      headers: (get.httpHeaders ?? []).map(({ name, value }) => ({ name, value })),
    }
  }

  function toCheck({ httpGet, tcpSocket, exec, grpc }: Checking): Check<string> {
    if (httpGet !== undefined) return toHttp(httpGet)
    if (tcpSocket !== undefined) {
      return { kind: 'tcp', host: tcpSocket.host ?? null, port: portOf(tcpSocket) }
    }
    if (grpc !== undefined) {
      const { host = null, service = defaults.probe.service } = grpc
      return { kind: 'grpc', host, port: portOf(grpc), service }
    }
    if (exec !== undefined) return { kind: 'exec', command: exec.command }
    throw new Error('nothing to be done')
  }

  const toAction = ({ sleep, ...rest }: HookConfig): HookAction<string> =>
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
