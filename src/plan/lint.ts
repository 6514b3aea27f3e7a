import type { Config } from '../config/schema.ts'
import type { Plan } from './plan.ts'
import { shutdownTimeline, usableMs } from './shutdown.ts'

/** What a valid config will not do as it reads: `PATH: why`. Empty when there is nothing to say. Pure. */
export function lint(config: Config, plan: Plan): readonly string[] {
  return [...shortGraces(plan), ...podFields(config), ...deafness(plan)]
}

const SIGTERM = 15

function shortGraces(plan: Plan): readonly string[] {
  const { shutdown, processes } = plan
  const budget = `of the shutdown's ${seconds(shutdown.graceMs)}, ${seconds(usableMs(shutdown))} can be used`
  const ownMs = new Map(processes.map(({ name, graceMs }) => [name, graceMs]))
  return shutdownTimeline(shutdown, processes).flatMap(({ name, beginMs, endMs }) => {
    const own = name === 'drain' ? shutdown.drainMs : ownMs.get(name)
    // Less than a millisecond is rounding.
    if (own === undefined || endMs - beginMs > own - 1) return []
    const path =
      name === 'drain' ? 'shutdown.drainSeconds' : `processes.${name}.terminationGracePeriodSeconds`
    return [`${path}: ${seconds(own)} may become ${seconds(endMs - beginMs)}: ${budget}`]
  })
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
