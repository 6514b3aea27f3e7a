import type { View } from '../core/view.ts'
import type { Clock } from '../ports/clock.ts'
import type { Usage, UsageSource } from '../ports/usage.ts'

/** What instances use: samples of one look at all of them. */
export interface UsageTallies {
  /** Looks unless the last look is younger than a second, with a pause wherever `pause` wants one. */
  refresh(pause: () => Promise<void> | undefined): Promise<void>
  /** Of the live run, by the name of an instance. */
  readonly live: ReadonlyMap<string, Usage>
  /** CPU time of all runs, as far as it was seen; by the name of an instance. It never falls. */
  readonly cpuSeconds: ReadonlyMap<string, number>
  /** When the last look had ended. */
  readonly atMonoMs: number
}

export interface UsageOptions {
  readonly source: UsageSource
  readonly view: () => View
  readonly clock: Clock
}

export function createUsageTallies({ source, view, clock }: UsageOptions): UsageTallies {
  const live = new Map<string, Usage>()
  const cpuSeconds = new Map<string, number>()
  const meters = new Map<string, Meter>()
  let atMonoMs = Number.NEGATIVE_INFINITY
  return {
    live,
    cpuSeconds,
    get atMonoMs() {
      return atMonoMs
    },
    async refresh(pause) {
      if (clock.now().monoMs < atMonoMs + youngMs) return
      const instances = view().processes.flatMap((process) => process.instances)
      const look = source.look(new Set(instances.flatMap(({ pid }) => pid ?? [])))
      let step = look.next()
      for (; !step.done; step = look.next()) await pause()
      live.clear()
      for (const { name, pid, startedAtMs } of instances) {
        const usage = pid === null ? undefined : step.value.get(pid)
        if (usage === undefined) continue
        live.set(name, usage)
        const meter = meterOf(meters.get(name), `${pid} ${startedAtMs}`)
        cpuSeconds.set(name, (cpuSeconds.get(name) ?? 0) + meter.read(usage.cpuSeconds))
        meters.set(name, meter)
      }
      const known = new Set(instances.map(({ name }) => name))
      for (const map of [cpuSeconds, meters]) {
        for (const name of map.keys()) if (!known.has(name)) map.delete(name)
      }
      atMonoMs = clock.now().monoMs
    },
  }
}

const youngMs = 1000

/** Follows what one run has used. */
interface Meter {
  readonly run: string
  /** What was used since the last reading of `total`, at least 0. */
  read(total: number): number
}

function meterOf(meter: Meter | undefined, run: string): Meter {
  return meter?.run === run ? meter : createMeter(run)
}

/**
 * A total falls by what a process has used that ended: for a moment, when it was waited for while we looked; for good, when
 * nobody waited for it. So a lower one counts when it is the second in a row.
 */
function createMeter(run: string): Meter {
  let last = 0
  let isLower = false
  return {
    run,
    read(total) {
      const used = total - last
      isLower = used < 0 && !isLower
      if (!isLower) last = total
      return Math.max(0, used)
    },
  }
}
