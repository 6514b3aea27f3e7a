import assert from 'node:assert/strict'
import type { Change } from '../../src/core/changes.ts'
import type { Effect } from '../../src/core/effects.ts'
import type { Event, Fact } from '../../src/core/events.ts'
import { initialState } from '../../src/core/initial-state.ts'
import type { Instance } from '../../src/core/instance-state.ts'
import type { Past, State } from '../../src/core/state.ts'
import { type StepResult, step } from '../../src/core/supervisor.ts'
import { type InstanceView, view } from '../../src/core/view.ts'
import type { GroupSpec, ShutdownSpec } from '../../src/plan/plan.ts'
import type { ProcessSpec } from '../../src/plan/process-spec.ts'
import { planOf } from './specs.ts'

const startMonoMs = 1000
export const startWallMs = Date.UTC(2030, 0, 2)

/** One life of a supervisor, told event by event to the core alone. */
export class Story {
  state: State
  monoMs = startMonoMs
  /** What the last event led to. */
  effects: readonly Effect[] = []
  changes: readonly Change[] = []
  /** What all events led to. */
  readonly allChanges: Change[] = []
  readonly allEffects: Effect[] = []

  constructor(...processes: readonly ProcessSpec[]) {
    this.state = initialState(planOf(...processes))
  }

  /** With this time for a shutdown. */
  within(shutdown: ShutdownSpec): this {
    this.state = { ...this.state, shutdown }
    return this
  }

  /** With these groups. */
  with(...groups: readonly GroupSpec[]): this {
    this.state = { ...this.state, groups: initialState({ ...planOf(), groups }).groups }
    return this
  }

  /** With revisions that are kept, and those of earlier starts. */
  keeping(past: readonly Past[] = []): this {
    const plan = { ...planOf(...this.state.processes), stateDir: '/state' }
    this.state = initialState(plan, past)
    return this
  }

  /** Takes the facts in, one after the other, at the present time. */
  take(...facts: readonly Fact[]): this {
    for (const fact of facts) {
      const result = stepSafely(this.state, stamp(fact, this.monoMs))
      this.state = result.state
      this.effects = result.effects
      this.changes = result.changes
      this.allChanges.push(...result.changes)
      this.allEffects.push(...result.effects)
    }
    return this
  }

  wait(ms: number): this {
    this.monoMs += ms
    return this
  }

  /** A run from its spawn until it is ready. */
  run(run: number): this {
    return this.take({ type: 'spawned', run, pid: pidOf(run) }, { type: 'executed', run })
  }

  /** The end of a run, its tree and its output. */
  end(run: number, code = 0, signal = 0): this {
    return this.take(
      { type: 'exited', run, status: { code, signal } },
      { type: 'outputEnded', run },
      { type: 'emptied', run },
    )
  }

  /** The instance named so, or the first one. */
  instance(name = this.state.instances[0]?.name): Instance {
    const found = this.state.instances.find((instance) => instance.name === name)
    assert.ok(found, `no instance ${name}`)
    return found
  }
}

export const pidOf = (run: number) => 100 + run

export function stamp(fact: Fact, monoMs: number, unit = 0): Event {
  return { ...fact, at: { monoMs, wallMs: startWallMs + monoMs - startMonoMs }, unit }
}

/** As `step`, on a state that came through JSON and throws when it is written to. */
export function stepSafely(state: State, event: Event): StepResult {
  return step(freeze(JSON.parse(JSON.stringify(state)) as State), freeze(event))
}

/** `kill 11000`, `signal 1 SIGTERM`: an effect in a word or three, without the name of the instance. */
export function inWords(effect: Effect): string {
  switch (effect.type) {
    case 'spawn':
    case 'cancelSpawn':
      return `${effect.type} ${effect.run}`
    case 'abandon':
      return `${effect.type} ${effect.run}`
    case 'offer':
      return `offer ${effect.run} ${effect.signal}`
    case 'stop':
    case 'signal':
      return `signal ${effect.run} ${effect.signal}${effect.to === 'group' ? ' group' : ''}`
    case 'send':
      return `send ${effect.run} ${effect.signal} ${effect.to}`
    case 'endTree':
      return `endTree ${effect.run} ${effect.signal}${effect.sparesGroup ? ' sparing' : ''}`
    case 'move':
      return 'move'
    case 'readConfig':
      return 'readConfig'
    case 'adopt':
      return `adopt ${effect.run}`
    case 'forget':
      return `forget ${effect.instance}`
    case 'reopenLogs':
      return 'reopenLogs'
    case 'keepRevisions':
      return 'keepRevisions'
    case 'probe':
      return `${effect.probe} ${effect.atMonoMs}`
    case 'stopProbe':
      return `${effect.probe} off`
    case 'ask':
    case 'dismiss':
      return `${effect.type} ${effect.run} ${effect.hook}`
    case 'watchSockets':
    case 'unwatchSockets':
      return `${effect.type} ${effect.process}`
    case 'wake':
      return `${effect.key.split('/').at(-1)} ${effect.atMonoMs ?? 'off'}`
    case 'sweep':
      return `sweep ${effect.signal}`
    case 'exit':
      return `exit ${effect.code}`
  }
}

/** What the last event led to, in words. Every shutdown has a budget: it is left out. */
export function words({ effects }: Story): string[] {
  return effects.map(inWords).filter((word) => !word.startsWith('budget'))
}

/** What is seen of the first instance. */
export function shown({ state }: Story): InstanceView | undefined {
  return view(state).processes[0]?.instances[0]
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const part of Object.values(value)) freeze(part)
    Object.freeze(value)
  }
  return value
}
