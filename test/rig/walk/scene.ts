import type { Fact } from '../../../src/core/events.ts'
import type { Draws } from './draws.ts'
import type { Standing } from './move.ts'
import type { World } from './world.ts'

/** Happens in the world; null: and nobody is told. */
export type Answer = () => Fact | null

export interface Scene {
  readonly draws: Draws
  readonly world: World
  readonly standing: Standing
  readonly monoMs: number
  /** Nothing lives on for ever. */
  readonly isEnding: boolean
}
