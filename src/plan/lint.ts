import type { Config } from '../config/schema.ts'
import type { Plan } from './plan.ts'
import type { Condition, ProcessSpec } from './process-spec.ts'
import { unasked } from './root.ts'
import { preStopMs, shutdownTimeline, usableMs } from './shutdown.ts'

/** What a valid config will not do as it reads, when it is run by `uid` and the kernel lets `mostBacklog` connections wait: `PATH: why`. Empty when there is nothing to say. Pure. */
export function lint(
  config: Config,
  plan: Plan,
  uid: number,
  mostBacklog: number,
): readonly string[] {
  return [
    ...shortTimes(config, plan),
    ...unwrittenUsers(plan, uid),
    ...podFields(config),
    ...waits(plan),
    ...groupOrder(plan),
    ...longSleeps(plan),
    ...idleSockets(plan),
    ...longBacklogs(plan, mostBacklog),
    ...surges(plan),
    ...deafness(plan),
  ]
}

const SIGTERM = 15

/** Only what is written is promised: the default grace may be cut. */
function shortTimes(config: Config, { shutdown, processes }: Plan): readonly string[] {
  const budget = `of the shutdown's ${seconds(shutdown.graceMs)}, ${seconds(usableMs(shutdown))} can be used`
  return shutdownTimeline(shutdown, processes).flatMap(({ step, process, beginMs, endMs }) => {
    const written =
      step === 'drain'
        ? config.shutdown?.drainSeconds
        : config.processes[process ?? '']?.terminationGracePeriodSeconds
    // Less than a millisecond is rounding.
    if (written === undefined || endMs - beginMs > written * 1000 - 1) return []
    const path =
      process === null
        ? 'shutdown.drainSeconds'
        : `processes.${process}.terminationGracePeriodSeconds`
    return [`${path}: ${written} s may become ${seconds(endMs - beginMs)}: ${budget}`]
  })
}

/** What a start as root is refused for. */
function unwrittenUsers(plan: Plan, uid: number): readonly string[] {
  return unasked(plan, uid).map(
    (name) =>
      `processes.${name}.securityContext.runAsUser: not written, and "run" starts nothing as root unasked`,
  )
}

/** What may wait for ever. */
function waits({ processes }: Plan): readonly string[] {
  return processes.flatMap((process) =>
    process.dependsOn.flatMap((dependency) => {
      const needed = processes.find(({ name }) => name === dependency.process)
      const why = needed && whyInVain(process, needed, dependency.condition)
      return why ? [`processes.${process.name}.dependsOn.${dependency.process}: ${why}`] : []
    }),
  )
}

function whyInVain(
  { name, isEssential }: ProcessSpec,
  needed: ProcessSpec,
  condition: Condition,
): string | null {
  if (needed.replicas === 0) return 'it has no instances, so this waits for ever'
  if (condition === 'succeeded' && needed.isOnDemand) {
    return 'it never succeeds, because it is onDemand; so this waits for ever'
  }
  const neverSucceeds = needed.restartPolicy === 'Always' && !needed.isShutdownOnExit
  if (condition === 'succeeded' && neverSucceeds) {
    return 'it never succeeds, because its restartPolicy is Always; so this waits for ever'
  }
  return isEssential && !needed.isEssential
    ? `when it has failed, ${name} waits for ever; make it essential, or ${name} not`
    : null
}

/** What is started again before what it depends on, and stopped after it. */
function groupOrder({ groups, processes }: Plan): readonly string[] {
  return groups
    .filter(({ strategy }) => strategy !== 'OneForOne')
    .flatMap((group) =>
      group.processes.flatMap((name, place) => {
        const { dependsOn = [] } = processes.find((one) => one.name === name) ?? {}
        return dependsOn
          .filter(({ process }) => group.processes.indexOf(process) > place)
          .map(
            ({ process }) =>
              `groups.${group.name}.processes: ${name} stands before ${process}, which it depends on`,
          )
      }),
    )
}

/** What the stop signal does not wait for. */
function longSleeps({ processes }: Plan): readonly string[] {
  return processes.flatMap(({ name, graceMs, template }) => {
    const { preStop } = template.hooks
    if (preStop?.kind !== 'sleep' || preStop.ms <= preStopMs(graceMs)) return []
    const path = `processes.${name}.lifecycle.preStop.sleep.seconds`
    return [
      `${path}: ${seconds(preStop.ms)} is cut to ${seconds(preStopMs(graceMs))}: it counts inside the grace of ${seconds(graceMs)}`,
    ]
  })
}

function idleSockets({ sockets, processes }: Plan): readonly string[] {
  return sockets
    .filter(({ name }) => !processes.some((process) => process.sockets.includes(name)))
    .map(({ name }) => `sockets.${name}: no process has it, so that who connects waits for ever`)
}

function longBacklogs({ sockets }: Plan, mostBacklog: number): readonly string[] {
  return sockets
    .filter(({ backlog }) => backlog > mostBacklog)
    .map(
      ({ name, backlog }) =>
        `sockets.${name}.backlog: ${backlog} is cut to ${mostBacklog}, the kernel's net.core.somaxconn`,
    )
}

/** What only the pod can do. */
function podFields({ processes }: Config): readonly string[] {
  const fields = ['seccompProfile', 'readOnlyRootFilesystem', 'privileged'] as const
  return Object.entries(processes).flatMap(([name, { securityContext }]) =>
    fields
      .filter((field) => securityContext?.[field])
      .map((field) => `processes.${name}.securityContext.${field}: only the pod can do that`),
  )
}

/** Two instances that listen at one port, or write to one file, in a rollout. */
function surges({ processes }: Plan): readonly string[] {
  return processes.flatMap(({ name, strategy, replicas, mostReplicas, template }) => {
    if (strategy.type === 'Recreate' || Number.parseInt(`${strategy.maxSurge}`, 10) === 0) return []
    const path = `processes.${name}.strategy.maxSurge`
    const isFixed = template.ports.some(({ port }) => !port.includes('${'))
    const clash = isFixed && template.sockets.length === 0
    return [
      ...(clash ? [`${path}: a new instance listens at the ports of an old one; use sockets`] : []),
      ...(replicas > 0 && mostReplicas <= replicas
        ? [`${path}: there can be no more than ${mostReplicas}, for want of ports or log files`]
        : []),
    ]
  })
}

function deafness({ signals }: Plan): readonly string[] {
  return signals[SIGTERM]?.action === 'shutdown'
    ? []
    : [
        'signals.SIGTERM: it does not end Ringmaster, so that a container runtime kills it at the end of its grace',
      ]
}

function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`
}
