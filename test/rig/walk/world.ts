import type { Change } from '../../../src/core/changes.ts'
import type { Effect } from '../../../src/core/effects.ts'
import type { DeadlineKey } from '../../../src/core/events.ts'
import type { Past, State } from '../../../src/core/state.ts'
import type { HookName } from '../../../src/plan/instance-spec.ts'
import type { Addresses } from '../../../src/plan/plan.ts'
import { instanceName } from '../../../src/plan/to-instance.ts'
import { type EffectOf, instanceOfRun } from './move.ts'

export const SIGKILL = 9

/** What the world knows of a run. It moves to the right only, and may leave out what it likes. */
export interface WorldRun {
  readonly run: number
  readonly instance: string
  /** In the lane; taken from it without success; taken back; a process that is not told of yet; told of; told of as ended. */
  place: 'lane' | 'refused' | 'cancelled' | 'born' | 'alive' | 'ended'
  isReported: boolean
  isOutputOpen: boolean
  /** Whether what its main process left was asked to end. */
  isTreeAsked: boolean
  isAsked: boolean
  isKilled: boolean
  /** It had a postStart to come when it began to execute. */
  hasPostStart: boolean
}

/** All that lives, and all that the core waits for. */
export interface World {
  /** By number; by minus the number where nothing lives of it but who holds its output. */
  readonly runs: Map<number, WorldRun>
  lastRun: number
  readonly deadlines: Map<DeadlineKey, number>
  /** Tries that are awaited, by run and name: when they are to begin. */
  readonly tries: Map<string, EffectOf<'probe'>>
  /** Hooks that are awaited, by run. */
  readonly hooks: Map<number, HookName>
  /** Hooks that were asked for, by run and name. */
  readonly asked: Set<string>
  /** Runs whose readiness probe has succeeded. */
  readonly passed: Set<number>
  /** Processes whose sockets are watched. */
  readonly watched: Set<string>
  /** Runs that lived when somebody gave a command. */
  readonly ordered: Set<number>
  /** The phases of the instances, as they were told. */
  readonly phases: Map<string, string>
  /** What the next start finds. */
  kept: readonly Past[]
  /** Where Ringmaster can be reached. */
  addresses: Addresses
  isReading: boolean
  isSweeping: boolean
  hasExited: boolean
}

/** What the rules see of it. */
export type WorldView = { readonly [Key in keyof World]: Seen<World[Key]> }

type Seen<T> =
  T extends Map<infer Key, infer Value>
    ? ReadonlyMap<Key, Readonly<Value>>
    : T extends Set<infer Value>
      ? ReadonlySet<Value>
      : T

/** Nothing lives, and Ringmaster can be reached where its first plan has it. */
export function createWorld({ http, control }: Addresses): World {
  return {
    ...{ runs: new Map(), lastRun: 0, deadlines: new Map(), tries: new Map() },
    ...{ hooks: new Map(), asked: new Set(), passed: new Set(), watched: new Set() },
    ...{ ordered: new Set(), phases: new Map(), kept: [] },
    addresses: { http, control },
    ...{ isReading: false, isSweeping: false, hasExited: false },
  }
}

/** Begins what the core wants done; what comes of it is an answer. `before` is the state that it wanted it in. */
export function perform(world: World, effect: Effect, before: State): void {
  switch (effect.type) {
    case 'spawn':
      world.lastRun = effect.run
      world.runs.set(effect.run, newRun(effect))
      break
    case 'cancelSpawn': {
      const run = world.runs.get(effect.run)
      if (run?.place === 'lane') run.place = 'cancelled'
      break
    }
    case 'stop':
    case 'signal':
      signal(world.runs.get(effect.run), effect.signal)
      break
    case 'endTree': {
      const run = world.runs.get(effect.run)
      signal(run, effect.signal)
      if (run) run.isTreeAsked = true
      break
    }
    case 'abandon': {
      const run = world.runs.get(effect.run)
      if (run) endRun(world, run)
      break
    }
    case 'ask':
      world.hooks.set(effect.run, effect.hook)
      world.asked.add(`${effect.run} ${effect.hook}`)
      break
    case 'dismiss':
      world.hooks.delete(effect.run)
      break
    case 'probe':
      world.tries.set(`${effect.run} ${effect.probe}`, effect)
      break
    case 'stopProbe':
      world.tries.delete(`${effect.run} ${effect.probe}`)
      break
    case 'adopt': {
      const run = world.runs.get(effect.run)
      if (run && !run.isReported) run.hasPostStart = hasPostStart(effect)
      if (instanceOfRun(before, effect.run)?.live?.readySinceMonoMs != null) {
        world.passed.add(effect.run)
      }
      break
    }
    case 'watchSockets':
      world.watched.add(effect.process)
      break
    case 'unwatchSockets':
      world.watched.delete(effect.process)
      break
    case 'wake':
      if (effect.atMonoMs === null) world.deadlines.delete(effect.key)
      else world.deadlines.set(effect.key, effect.atMonoMs)
      break
    case 'move':
      world.addresses = { http: effect.http, control: effect.control }
      break
    case 'readConfig':
      world.isReading = true
      break
    case 'sweep':
      world.isSweeping = true
      break
    case 'keepRevisions':
      world.kept = effect.past
      break
    case 'exit':
      world.hasExited = true
      break
    case 'send':
    case 'offer':
    case 'forget':
    case 'reopenLogs':
      break
  }
}

/** Learns what somebody who follows the changes is told. */
export function hear(world: World, change: Change): void {
  if (change.type === 'departure') world.phases.delete(change.instance)
  if (change.type === 'instance') world.phases.set(change.instance, change.phase)
}

/** Nothing of the run lives but perhaps who holds its output. */
export function endRun(world: World, run: WorldRun): void {
  world.runs.delete(run.run)
  if (run.isOutputOpen) world.runs.set(-run.run, run)
}

function newRun(effect: EffectOf<'spawn'>): WorldRun {
  const instance = instanceName(effect.spec.name, effect.number)
  const flags = { isReported: false, isOutputOpen: false, isTreeAsked: false }
  const asked = { isAsked: false, isKilled: false, hasPostStart: hasPostStart(effect) }
  return { run: effect.run, instance, place: 'lane', ...flags, ...asked }
}

function hasPostStart({ spec }: EffectOf<'spawn' | 'adopt'>): boolean {
  return spec.hooks.includes('postStart')
}

function signal(run: WorldRun | undefined, number: number): void {
  if (run === undefined) return
  if (number === SIGKILL) run.isKilled = true
  else run.isAsked = true
}
