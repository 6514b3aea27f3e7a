import assert from 'node:assert/strict'
import type { Change } from '../../../src/core/changes.ts'
import type { Effect } from '../../../src/core/effects.ts'
import type { Event, Fact } from '../../../src/core/events.ts'
import { initialState } from '../../../src/core/initial-state.ts'
import type { Past } from '../../../src/core/state.ts'
import { step } from '../../../src/core/supervisor.ts'
import type { Plan } from '../../../src/plan/plan.ts'
import { stamp, stepSafely } from '../story.ts'
import { drawAnswer } from './answers.ts'
import { createDraws, type Draws } from './draws.ts'
import { drawLateFacts } from './late.ts'
import type { Standing } from './move.ts'
import { drawNextPlan, drawPlan } from './plans.ts'
import { checkEnd } from './rules/end.ts'
import { checkStart } from './rules/revisions.ts'
import { checkTally } from './rules/tally.ts'
import { checkChange, checkEffect, checkMove } from './rules.ts'
import type { Scene } from './scene.ts'
import { drawChangeOfSpecs, drawMistake, drawOrder, drawScale } from './wishes.ts'
import { createWorld, hear, perform, type World } from './world.ts'

export interface WalkResult {
  readonly changes: readonly Change[]
  readonly events: readonly Event[]
}

/**
 * Lets a world answer the core in an order that `seed` decides, for about `length` events and then until the end, and
 * throws where a rule is broken. Any answer may come late, and any that nothing forbids may come first. Some start again after that.
 */
export function walk(seed: number, length: number): WalkResult {
  const draws = createDraws(seed)
  const isOrdered = draws.below(2) > 0
  const plan = drawPlan(draws)
  const first = new Walk(draws, plan, []).go(length, isOrdered)
  if (draws.below(4) === 0) {
    const next = draws.below(2) === 0 ? drawPlan(draws) : drawNextPlan(draws, plan)
    new Walk(draws, next, first.kept).go(length / 4, isOrdered)
  }
  return first
}

class Walk implements WalkResult {
  readonly changes: Change[] = []
  readonly events: Event[] = []
  readonly #effects: Effect[] = []
  readonly #world: World
  readonly #draws: Draws
  readonly #past: readonly Past[]
  #standing: Standing
  #monoMs = 1000

  /** `past`: revisions of earlier starts. */
  constructor(draws: Draws, plan: Plan, past: readonly Past[]) {
    const state = initialState(plan, past)
    checkStart(state, plan, past)
    this.#world = createWorld(plan)
    this.#draws = draws
    this.#past = past
    this.#standing = { plan, state, before: state }
  }

  get hasExited(): boolean {
    return this.#world.hasExited
  }

  /** Revisions as the next start finds them. */
  get kept(): readonly Past[] {
    return JSON.parse(JSON.stringify(this.#world.kept))
  }

  /** From the begin to the end; `isOrdered`: somebody gives commands. */
  go(length: number, isOrdered: boolean): this {
    this.take({ type: 'begin' })
    for (let count = 0; count < length && !this.hasExited; count++) this.live(isOrdered)
    this.end()
    this.replay()
    return this
  }

  /** One thing happens that may happen now; `isOrdered`: somebody gives commands. */
  live(isOrdered: boolean): void {
    const draws = this.#draws
    const { below, oneOf } = draws
    const { plan, state } = this.#standing
    const chance = draws.random()
    if (chance < 0.01) this.take({ type: 'signalled', signal: oneOf([1, 2, 3, 10, 15, 30, 37]) })
    else if (chance < 0.012) this.take({ type: 'shutdown', reason: 'walk', code: below(100) })
    else if (chance < 0.0125) this.take({ type: 'drain', by: 'walk' })
    else if (chance < 0.0135) this.take({ type: 'maintenance', isOn: below(2) === 0, by: 'walk' })
    else if (chance < 0.0175) this.take(drawMistake(draws, state))
    else if (chance < 0.025) this.take(drawScale(draws, state))
    else if (chance < 0.035 && isOrdered) this.#order()
    else if (chance < 0.045) this.take(drawChangeOfSpecs(draws, state, plan))
    else if (chance < 0.07) {
      for (const fact of drawLateFacts(this.#scene())) this.#takeForNothing(fact)
    } else if (chance < 0.25) this.#monoMs += oneOf([1, 10, 100, 1000, 5000])
    else this.#answer(this.#scene())
  }

  /** A shutdown, and the world answers until Ringmaster exits. */
  end(): void {
    this.take({ type: 'signalled', signal: 15 })
    for (let count = 0; !this.hasExited; count++) {
      assert.ok(count < 2000, 'the shutdown does not end')
      const hasAnswered = this.#draws.random() < 0.9 && this.#answer(this.#scene(true))
      if (!hasAnswered) this.#monoMs += 100
    }
    checkEnd(this.#standing.state, this.#world, this.#effects, this.changes)
    this.#takeForNothing({ type: 'begin' })
    this.#takeForNothing({ type: 'swept' })
    this.#takeForNothing({ type: 'signalled', signal: 2 })
  }

  /** The same events, on states that never were JSON, have the same results. */
  replay(): void {
    let state = initialState(this.#standing.plan, this.#past)
    const effects: Effect[] = []
    for (const event of this.events) {
      const result = step(state, event)
      state = result.state
      effects.push(...result.effects)
      checkTally(state)
    }
    assert.equal(JSON.stringify(effects), JSON.stringify(this.#effects))
    assert.deepEqual(state, this.#standing.state)
  }

  take(fact: Fact): void {
    const world = this.#world
    const { plan, state: before } = this.#standing
    const event = stamp(fact, this.#monoMs, this.#draws.random())
    for (const { name, phase } of before.instances) {
      if (!world.phases.has(name)) world.phases.set(name, phase)
    }
    const move = { plan, before, event, ...stepSafely(before, event) }
    this.#standing = move
    this.events.push(event)
    this.#effects.push(...move.effects)
    this.changes.push(...move.changes)
    for (const effect of move.effects) {
      checkEffect(effect, move, world)
      perform(world, effect, before)
    }
    for (const change of move.changes) {
      checkChange(change, move, world)
      hear(world, change)
    }
    checkMove(move, world)
  }

  #takeForNothing(fact: Fact): void {
    const written = () =>
      JSON.stringify([this.#standing.state, this.#effects.length, this.changes.length])
    const before = written()
    this.take(fact)
    assert.equal(written(), before, `${fact.type} is dropped`)
  }

  #order(): void {
    const { state } = this.#standing
    for (const { live } of state.instances) if (live) this.#world.ordered.add(live.run)
    this.take(drawOrder(this.#draws, state))
  }

  /** False where there is nothing to answer. */
  #answer(scene: Scene): boolean {
    const answer = drawAnswer(scene)
    const fact = answer?.()
    if (fact) this.take(fact)
    return answer !== undefined
  }

  #scene(isEnding = false): Scene {
    const [draws, world, standing] = [this.#draws, this.#world, this.#standing]
    return { draws, world, standing, monoMs: this.#monoMs, isEnding }
  }
}
