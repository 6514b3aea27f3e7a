import type { ProbeName } from '../../../src/plan/instance-spec.ts'
import type { Addresses, GroupSpec, Plan } from '../../../src/plan/plan.ts'
import type {
  KillMode,
  ProbeSpec,
  ProcessSpec,
  RestartPolicy,
  Share,
  StrategySpec,
} from '../../../src/plan/process-spec.ts'
import { planOf, probeSpec, processSpec } from '../specs.ts'
import type { Draws } from './draws.ts'

/** One to three processes, of which some depend on those after them, and perhaps a group of some of them. */
export function drawPlan(draws: Draws): Plan {
  const { below, oneOf } = draws
  const processes = ['web', 'api', 'job']
    .slice(0, 1 + below(3))
    .map((name, index, all) => drawProcess(draws, name, all.slice(index + 1)))
  const strategies = ['OneForOne', 'OneForAll', 'RestForOne'] as const
  const members = processes.map(({ name }) => name).filter(() => below(4) > 0)
  const group: GroupSpec = {
    ...{ name: 'group', processes: below(2) === 0 ? members : members.toReversed() },
    ...{ strategy: oneOf(strategies), isEssential: below(2) === 0 },
    restartLimit: oneOf([null, { count: below(4), withinMs: 3000 }]),
  }
  return {
    ...planOf(...processes),
    stateDir: '/state',
    groups: members.length > 0 && below(2) === 0 ? [group] : [],
    shutdown: { drainMs: oneOf([0, 0, 1000]), graceMs: oneOf([0, 500, 10_000]) },
  }
}

/** Like `plan`, but for some of what may differ. */
export function drawNextPlan(draws: Draws, plan: Plan): Plan {
  const { below } = draws
  const kept = plan.processes.filter(
    ({ name }) =>
      below(8) > 0 ||
      plan.processes.some(({ dependsOn }) => dependsOn.some(({ process }) => process === name)),
  )
  const processes = kept.map((spec) => (below(3) === 0 ? spec : drawChanged(draws, spec)))
  return {
    ...{ ...plan, ...drawAddresses(draws) },
    processes: processes.length === 0 ? plan.processes : processes,
  }
}

function drawAddresses({ oneOf }: Draws): Addresses {
  const access = { others: 'read', descendants: null } as const
  const http = { host: '::1', port: 9100, tokenFile: '/token', tls: null }
  const control = { socket: null, mode: 0o600, user: null, group: null, access, http: null }
  return {
    http: oneOf([null, null, { host: '::', port: 9099 }, { host: '::1', port: 9099 }]),
    control: oneOf([null, null, control, { ...control, http }]),
  }
}

function drawProcess(draws: Draws, name: string, others: readonly string[]): ProcessSpec {
  const { below, oneOf } = draws
  return processSpec(name, {
    dependsOn: others.flatMap((process) => {
      const conditions = ['started', 'ready', 'succeeded'] as const
      return below(3) > 0 ? [] : [{ process, condition: oneOf(conditions) }]
    }),
    replicas: 1 + below(3),
    autoStart: below(8) > 0,
    startDelayMs: oneOf([0, 0, 500]),
    ...{ isOnDemand: below(4) === 0, sockets: ['web'] },
    successExitCodes: oneOf([[0], [0, 3]]),
    restartLimit: oneOf([null, null, { count: below(4), withinMs: 3000 }]),
    isFirstStartFinal: below(6) === 0,
    isEssential: below(3) > 0,
    isShutdownOnExit: below(8) === 0,
    killMode: oneOf<KillMode>(['staged', 'staged', 'mixed', 'process', 'group']),
    restartPolicy: oneOf<RestartPolicy>(['Always', 'Always', 'OnFailure', 'Never']),
    graceMs: oneOf([0, 100, 5000]),
    stopSignal: oneOf([2, 3, 15]),
    maxAgeMs: oneOf([null, null, 1500]),
    maxAgeJitterMs: oneOf([0, 500]),
    memoryLimitBytes: oneOf([null, null, 1000]),
    probes: drawProbes(draws),
    ...drawStrategy(draws),
    hooks: (['postStart', 'preStop'] as const).filter(() => below(3) === 0),
    backoff: {
      ...{ initialMs: oneOf([0, 100]), factor: 2, maxMs: 1000 },
      ...{ jitter: 0.1, resetAfterMs: 2000 },
    },
  })
}

/** Some fields reach a run that lives, and some need another one. */
function drawChanged(draws: Draws, spec: ProcessSpec): ProcessSpec {
  const { below, oneOf } = draws
  const before = spec.template.command
  const command = oneOf<typeof before>([before, before, ['/bin/true'], ['/new'], ['/newer']])
  const probes = oneOf([spec.probes, spec.probes, drawProbes(draws), {}])
  const redrawn = processSpec(spec.name, {
    ...{ ...spec, probes, ...drawStrategy(draws), replicas: below(4) },
    graceMs: oneOf([spec.graceMs, 100]),
    maxAgeMs: oneOf([spec.maxAgeMs, 1500, null]),
    memoryLimitBytes: oneOf([spec.memoryLimitBytes, 1000]),
    restartPolicy: oneOf([spec.restartPolicy, 'Always']),
  })
  const { template } = processSpec(spec.name, { probes, hooks: spec.hooks })
  return { ...redrawn, template: { ...template, command } }
}

function drawStrategy({
  oneOf,
}: Draws): Pick<ProcessSpec, 'strategy' | 'minReadyMs' | 'progressDeadlineMs'> {
  const rolling = (maxSurge: Share, maxUnavailable: Share) =>
    ({ type: 'RollingUpdate', maxSurge, maxUnavailable }) as const
  return {
    strategy: oneOf<StrategySpec>([
      ...[rolling(0, 1), rolling(1, 0), rolling(2, 1), rolling('50%', '50%')],
      { type: 'Recreate' },
    ]),
    minReadyMs: oneOf([0, 2000]),
    progressDeadlineMs: oneOf([3000, 60_000]),
  }
}

function drawProbes(draws: Draws): ProcessSpec['probes'] {
  const names: readonly ProbeName[] = ['startup', 'readiness', 'liveness']
  const some = names.filter(() => draws.below(3) === 0)
  return Object.fromEntries(some.map((name) => [name, drawProbe(draws, name)]))
}

function drawProbe({ below, oneOf }: Draws, name: ProbeName): ProbeSpec {
  return probeSpec({
    by: oneOf(['tries', 'tries', 'notify', name === 'liveness' ? 'tries' : 'logLine']),
    initialDelayMs: oneOf([0, 0, 300]),
    periodMs: oneOf([50, 1000]),
    successThreshold: name === 'readiness' ? 1 + below(2) : 1,
    failureThreshold: 1 + below(3),
    graceMs: oneOf([null, 0, 200]),
  })
}
