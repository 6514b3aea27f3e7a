import type { Effect } from '../core/effects.ts'
import type { Fact } from '../core/events.ts'
import type { Check, InstanceSpec, OutputCheck, ProbeName } from '../plan/instance-spec.ts'
import type { Clock } from '../ports/clock.ts'
import type { OutputStream } from '../ports/output.ts'
import type { Outcome, Prober } from '../ports/prober.ts'
import type { Deadlines } from './deadlines.ts'

export type ProbeEffect = Extract<Effect, { type: 'probe' }>

export interface TryPorts {
  readonly clock: Clock
  readonly deadlines: Deadlines
  readonly prober: Prober
  readonly post: (fact: Fact) => void
  readonly report: (error: unknown) => void
}

/** Whose probe it is. */
export interface Probed {
  readonly spec: InstanceSpec
  readonly runId: string
  readonly output: Pick<OutputStream, 'probe'>
}

/** The tries of probes: each waits for its time, and then until it ends or has taken too long. */
export class Tries {
  readonly #ports: TryPorts
  /** What ends those that have begun, by key. */
  readonly #begun = new Map<string, () => void>()

  constructor(ports: TryPorts) {
    this.#ports = ports
  }

  plan(effect: ProbeEffect, of: Probed): void {
    this.#ports.deadlines.set(keyOf(effect), effect.atMonoMs, () => this.#begin(effect, of))
  }

  stop(which: Pick<ProbeEffect, 'run' | 'probe'>): void {
    const key = keyOf(which)
    this.#ports.deadlines.clear(key)
    this.#begun.get(key)?.()
    this.#begun.delete(key)
  }

  #begin(effect: ProbeEffect, { spec, runId, output }: Probed): void {
    const { run, probe, timeoutMs } = effect
    const key = keyOf(effect)
    const beganMonoMs = this.#ports.clock.now().monoMs
    const check = spec.checks[probe]
    const end = (outcome: Outcome) => {
      this.#ports.deadlines.clear(key)
      this.#begun.delete(key)
      const durationMs = this.#ports.clock.now().monoMs - beganMonoMs
      this.#ports.post({ type: 'probed', run, probe, ...outcome, durationMs })
    }
    this.#ports.deadlines.set(key, beganMonoMs + timeoutMs, () => {
      this.#begun.get(key)?.()
      end({ isOk: false, detail: lateness(check, timeoutMs) })
    })
    try {
      if (check === undefined) throw new Error(`no check for the ${probe} probe of ${spec.name}`)
      this.#begun.set(
        key,
        isOfOutput(check)
          ? output.probe(check, end)
          : this.#ports.prober.probe({ check, spec, runId }, end),
      )
    } catch (error) {
      // The core waits for an answer.
      this.#ports.report(error)
      end({ isOk: false, detail: 'internal error' })
    }
  }
}

/** No key of the core begins with a number and a space. */
function keyOf({ run, probe }: { readonly run: number; readonly probe: ProbeName }): string {
  return `${run} ${probe}`
}

function isOfOutput(check: Check | OutputCheck): check is OutputCheck {
  return check.kind === 'logLine' || check.kind === 'logSilence'
}

/** What a try that took too long has missed. */
function lateness(check: Check | OutputCheck | undefined, timeoutMs: number): string {
  return check?.kind === 'logLine' ? 'no line matched' : `no answer within ${timeoutMs / 1000} s`
}
