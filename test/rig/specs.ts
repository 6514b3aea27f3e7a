import type { Check, InstanceSpec, OutputCheck } from '../../src/plan/instance-spec.ts'
import type { LinesSpec, Plan } from '../../src/plan/plan.ts'
import { toNotify } from '../../src/plan/probes.ts'
import type { ProbeSpec, ProcessSpec } from '../../src/plan/process-spec.ts'
import { toInstances } from '../../src/plan/to-instance.ts'

export type ProcessGiven = Partial<Omit<ProcessSpec, 'name'>>

/** What is done with lines where nothing is written of it. */
export const usualLines: LinesSpec = {
  ...{ hasTimestamps: false, stripsAnsi: false },
  ...{ maxLineBytes: 65_536, onOverflow: 'block' },
}

const check: Check<string> = { kind: 'tcp', host: null, port: '1' }
const lineCheck: OutputCheck = { kind: 'logLine', pattern: 'ready' }

/** A process as the defaults have it, but for what is given and without jitter. */
export function processSpec(name: string, given: ProcessGiven = {}): ProcessSpec {
  const { replicas = 1, ...rest } = given
  return {
    name,
    autoStart: true,
    startDelayMs: 0,
    isOnDemand: false,
    sockets: [],
    dependsOn: [],
    restartPolicy: 'Always',
    backoff: { initialMs: 100, factor: 2, maxMs: 30_000, jitter: 0, resetAfterMs: 10_000 },
    successExitCodes: [0],
    restartLimit: null,
    isFirstStartFinal: false,
    isEssential: true,
    isShutdownOnExit: false,
    stopSignal: 15,
    reloadSignal: null,
    graceMs: 10_000,
    killMode: 'staged',
    maxAgeMs: null,
    maxAgeJitterMs: 0,
    memoryLimitBytes: null,
    probes: {},
    hooks: [],
    replicas,
    mostReplicas: 1000,
    strategy: { type: 'RollingUpdate', maxSurge: 0, maxUnavailable: 1 },
    minReadyMs: 0,
    progressDeadlineMs: 60_000,
    template: {
      process: name,
      command: ['/bin/true'] as const,
      inheritEnv: true,
      env: {},
      services: [],
      workingDir: null,
      sockets: [],
      stdin: 'null',
      ports: [],
      logs: { format: 'prefix', stdout: 'capture', stderr: 'capture' },
      notify: toNotify(rest.probes ?? {}),
      checks: Object.fromEntries(
        Object.entries(rest.probes ?? {}).map(([name, { by }]) => [
          name,
          by === 'logLine' ? lineCheck : check,
        ]),
      ),
      hooks: Object.fromEntries((rest.hooks ?? []).map((name) => [name, check])),
      security: {
        ...{ user: null, group: null, supplementalGroups: [], isNonRoot: false },
        ...{ allowsPrivilegeEscalation: false, capabilities: null },
      },
      resources: {
        ...{ rlimits: {}, nice: null, umask: null, oomScoreAdj: null },
        ...{ ioClass: null, cpuAffinity: null },
      },
    },
    ...rest,
  }
}

/** What the signals do that the tests send. */
const signals: Plan['signals'] = Object.fromEntries([
  ...[2, 3, 15, 37].map((signal) => [signal, { action: 'shutdown', signal }]),
  ...[10, 12, 28].map((signal) => [signal, { action: 'forward', signal }]),
  [1, { action: 'reload', signal: 1 }],
  [30, { action: 'reopen-logs', signal: 30 }],
])

/** With a budget that no grace of a test exceeds. */
export function planOf(...processes: readonly ProcessSpec[]): Plan {
  return {
    ...{
      http: null,
      control: null,
      logs: { level: 'info', ...usualLines },
      signals,
      dropsSelf: false,
      stateDir: null,
      sockets: [],
      groups: [],
    },
    ...{ shutdown: { drainMs: 0, graceMs: 1_000_000 }, processes },
    origin: { files: ['ringmaster.yaml'], texts: [] },
  }
}

/** A probe as the defaults have it, but for what is given. */
export function probeSpec(given: Partial<ProbeSpec> = {}): ProbeSpec {
  return {
    ...{ by: 'tries', initialDelayMs: 0, periodMs: 10_000, timeoutMs: 1000 },
    ...{ successThreshold: 1, failureThreshold: 3, graceMs: null },
    ...given,
  }
}

/** The instances that a process begins with. */
export function instancesOf(spec: ProcessSpec | undefined): readonly InstanceSpec[] {
  return spec === undefined ? [] : toInstances(spec)
}

/** The first of them. */
export function firstOf(spec: ProcessSpec | undefined): InstanceSpec {
  const [first] = instancesOf(spec)
  if (first === undefined) throw new Error('no instance')
  return first
}
