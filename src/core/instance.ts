import type { HookName, ProbeName } from '../plan/instance-spec.ts'
import type { ProbeSpec, ProcessSpec } from '../plan/process-spec.ts'
import type { HookResult, ProbeResult } from './events.ts'
import { ask, take } from './hooks.ts'
import type { Instance, LiveRun } from './instance-state.ts'
import { describeExcess } from './memory.ts'
import { isSaidReady } from './notices.ts'
import { describeProblem, hasCounted, hasFailed, judge } from './probing.ts'
import { askToEnd, sendStop } from './run-stop.ts'
import { becomeReady, becomeUnready, beginAge, probe, tryOf, without } from './run-watch.ts'
import { enter, type Step } from './step.ts'

/** The run has a process. A stop that came meanwhile is carried out now. */
export function spawned(
  instance: Instance,
  spec: ProcessSpec,
  live: LiveRun,
  pid: number,
  step: Step,
): Instance {
  const born = { ...live, pid, spawnedAtWallMs: step.at.wallMs }
  return live.cause === null
    ? enter({ ...instance, live: born }, 'starting', step)
    : askToEnd(instance, spec, born, step)
}

/** The run's command is executing; without a postStart hook and a startup probe it runs. */
export function executed(
  instance: Instance,
  spec: ProcessSpec,
  live: LiveRun,
  step: Step,
): Instance {
  if (instance.phase !== 'starting') return instance
  const born = beginAge(instance, spec, { ...live, executedMonoMs: step.at.monoMs }, step)
  const executing = { ...instance, putOff: null, live: born }
  if (!spec.hooks.includes('postStart')) return startUp(executing, spec, born, step)
  return instance.isWanted ? { ...executing, live: ask(born, 'postStart', step) } : executing
}

/** A hook has ended: after postStart the start goes on, or the run is ended; after preStop the stop signal follows. */
export function answered(
  instance: Instance,
  spec: ProcessSpec,
  live: LiveRun,
  { hook, ...result }: HookResult & { readonly hook: HookName },
  step: Step,
): Instance {
  if (live.hook !== hook) return instance
  const done = take(instance, live, hook, result, step)
  if (hook === 'preStop') {
    sendStop(live.run, spec, step)
    return { ...instance, live: done }
  }
  if (result.isOk) return startUp(instance, spec, done, step)
  const reason = `postStart: ${result.detail}`
  return askToEnd(instance, spec, done, step, { cause: 'startup-failed', reason })
}

/** A try of a probe has ended: the next one follows, or what the results so far lead to. */
export function probed(
  instance: Instance,
  spec: ProcessSpec,
  live: LiveRun,
  { probe: name, ...result }: ProbeResult & { readonly probe: ProbeName },
  step: Step,
): Instance {
  const [before, probeSpec] = [live.probes[name], spec.probes[name]]
  if (!before || !probeSpec) return instance
  const { isOk, detail, durationMs, output } = result
  const state = judge(before, probeSpec, result, step.at.monoMs, step.unit)
  const known = { ...live, probes: { ...live.probes, [name]: state } }
  const isTurned = name === 'readiness' && state.isPassing !== before.isPassing
  const isReady = isTurned && instance.phase === 'running' ? state.isPassing : undefined
  step.tell({
    type: 'probe',
    process: spec.name,
    instance: instance.name,
    run: live.run,
    probe: name,
    isOk,
    detail,
    durationMs,
    ...(output !== undefined && { output }),
    ...(isOk === false &&
      hasCounted(before, state) && {
        ...{ failures: state.row, failureThreshold: probeSpec.failureThreshold },
      }),
    ...(isReady !== undefined && { isReady }),
  })
  if (name !== 'readiness' && hasFailed(state, probeSpec)) {
    const reason = describeProblem(name, state, probeSpec)
    return endByProbe(instance, spec, without(known, name), name, reason, step)
  }
  if (name === 'startup' && state.isPassing) {
    return runs(instance, spec, without(known, name), step)
  }
  const isDone = probeSpec.by === 'logLine' && state.isPassing
  if (!isDone) step.want(tryOf(live.run, name, state, probeSpec))
  if (isReady === undefined) return { ...instance, live: known }
  return isReady ? becomeReady(instance, known, step) : becomeUnready(instance, spec, known, step)
}

/** What the run has in memory is too much: it is ended, for another one. */
export function overMemoryLimit(
  instance: Instance,
  spec: ProcessSpec,
  live: LiveRun,
  bytes: number,
  step: Step,
): Instance {
  const isExecuting = live.executedMonoMs !== null && instance.phase !== 'stopping'
  if (spec.memoryLimitBytes === null || !isExecuting || !instance.isWanted) return instance
  const reason = describeExcess(bytes, spec.memoryLimitBytes)
  return askToEnd(instance, spec, live, step, { cause: 'memory-limit', reason })
}

/** The run has lived for its time. */
export function grownOld(instance: Instance): Instance {
  const { live } = instance
  return live?.age === 'young' ? { ...instance, live: { ...live, age: 'old' } } : instance
}

function endByProbe(
  instance: Instance,
  spec: ProcessSpec,
  live: LiveRun,
  name: 'startup' | 'liveness',
  reason: string,
  step: Step,
): Instance {
  const graceMs = spec.probes[name]?.graceMs ?? spec.graceMs
  return askToEnd(instance, spec, live, step, { cause: `${name}-failed`, reason, graceMs })
}

/** Nothing but its startup probe keeps it from running. */
function startUp(instance: Instance, spec: ProcessSpec, live: LiveRun, step: Step): Instance {
  return isMet(spec.probes.startup, live)
    ? runs(instance, spec, live, step)
    : probe(instance, spec, live, 'startup', step)
}

/** The run has started; without a readiness probe it is ready. */
export function runs(instance: Instance, spec: ProcessSpec, live: LiveRun, step: Step): Instance {
  const isReady = isMet(spec.probes.readiness, live)
  const told = isReady ? { isReady: true as const } : {}
  const running = enter({ ...instance, live }, 'running', step, told)
  const watched = probe(running, spec, live, 'liveness', step)
  return isReady
    ? becomeReady(watched, watched.live ?? live, step)
    : probe(watched, spec, watched.live ?? live, 'readiness', step)
}

/** There is no such probe, or the run has said already what it waits for. */
function isMet(spec: ProbeSpec | undefined, live: LiveRun): boolean {
  return spec === undefined || (spec.by === 'notify' && isSaidReady(live))
}
