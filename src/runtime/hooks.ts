import type { Effect } from '../core/effects.ts'
import type { HookAction, InstanceSpec } from '../plan/instance-spec.ts'
import type { Outcome } from '../ports/prober.ts'
import type { TryPorts } from './tries.ts'

export type AskEffect = Extract<Effect, { type: 'ask' }>

/** The hooks that are awaited. One that does not end by itself ends when the core says so. */
export class Hooks {
  readonly #ports: TryPorts
  /** What ends them, by key. */
  readonly #begun = new Map<string, () => void>()

  constructor(ports: TryPorts) {
    this.#ports = ports
  }

  ask({ run, hook }: AskEffect, spec: InstanceSpec, runId: string): void {
    const key = keyOf({ run, hook })
    const end = ({ isOk, ...rest }: Outcome) => {
      if (isOk === null) {
        this.#wait(key, retryMs, begin)
        return
      }
      this.#begun.delete(key)
      this.#ports.post({ type: 'answered', run, hook, isOk, ...rest })
    }
    const begin = () => {
      try {
        const action = spec.hooks[hook]
        if (action === undefined) throw new Error(`no ${hook} hook of ${spec.name}`)
        this.#begin(key, action, { spec, runId }, end)
      } catch (error) {
        // The core waits for an answer.
        this.#ports.report(error)
        end({ isOk: false, detail: 'internal error' })
      }
    }
    begin()
  }

  dismiss(which: Pick<AskEffect, 'run' | 'hook'>): void {
    const key = keyOf(which)
    this.#begun.get(key)?.()
    this.#begun.delete(key)
  }

  #begin(
    key: string,
    action: HookAction,
    target: { readonly spec: InstanceSpec; readonly runId: string },
    end: (outcome: Outcome) => void,
  ): void {
    if (action.kind === 'sleep') this.#wait(key, action.ms, () => end(slept))
    else this.#begun.set(key, this.#ports.prober.probe({ check: action, ...target }, end))
  }

  #wait(key: string, ms: number, onEnd: () => void): void {
    this.#ports.deadlines.set(key, this.#ports.clock.now().monoMs + ms, onEnd)
    this.#begun.set(key, () => this.#ports.deadlines.clear(key))
  }
}

/** When what the kernel had no means for is tried again. */
const retryMs = 500
const slept = { isOk: true, detail: 'slept' }

/** Neither a key of the core nor one of a probe is like it. */
function keyOf({ run, hook }: Pick<AskEffect, 'run' | 'hook'>): string {
  return `${run} ${hook}`
}
